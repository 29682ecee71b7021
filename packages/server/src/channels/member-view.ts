import type { Member, MemberChange, Members } from './broker.ts'

/** What has changed since the last version that was sent, each member encoded. */
export interface ViewChange {
  readonly version: number
  readonly set: readonly string[]
  readonly gone: readonly string[]
}

/**
 * The members of a channel, as this hub knows them and as it has sent them to its subscribers. The members are sessions; those of one
 * identity are sent as one if they count by identity. Changes are sent together, under versions of this hub.
 */
export class MemberView {
  readonly #byIdentity: boolean
  /** By the keys of the broker, each of which is that of a session. */
  readonly #members = new Map<string, Member>()
  /** The sessions of each member as sent, if they count by identity: the last one has the data. */
  readonly #sessions = new Map<string, Set<string>>()
  /** The encoded members, by the key that subscribers know. */
  readonly #sent = new Map<string, string>()
  readonly #dirty = new Set<string>()
  /** The version of the broker. */
  #version = 0
  #sentVersion = 0

  constructor(byIdentity: boolean) {
    this.#byIdentity = byIdentity
  }

  /** The version that was sent last. */
  get version(): number {
    return this.#sentVersion
  }

  /** All members, encoded, as they were sent. */
  get sent(): Iterable<string> {
    return this.#sent.values()
  }

  /** Takes what was read of the broker. */
  load({ version, members }: Members): void {
    this.#version = version
    const before = new Set(this.#members.keys())
    for (const member of members) {
      before.delete(member.key)
      this.#set(member.key, member)
    }
    for (const key of before) this.#set(key, undefined)
  }

  /** Takes a change, if it is the next one. */
  take({ version, key, member }: MemberChange): 'next' | 'old' | 'hole' {
    if (version <= this.#version) return 'old'
    if (version !== this.#version + 1) return 'hole'
    this.#version = version
    this.#set(key, member)
    return 'next'
  }

  /** Returns the changes to send; undefined if there are none. */
  changes(): ViewChange | undefined {
    const set: string[] = []
    const gone: string[] = []
    for (const key of this.#dirty) {
      const known = this.#sent.get(key)
      const current = this.#encoded(key)
      if (current === known) continue
      if (current === undefined) {
        this.#sent.delete(key)
        gone.push(JSON.stringify(key))
      } else {
        this.#sent.set(key, current)
        set.push(current)
      }
    }
    this.#dirty.clear()
    return set.length + gone.length > 0 ? { version: ++this.#sentVersion, set, gone } : undefined
  }

  #set(key: string, member: Member | undefined): void {
    const old = this.#members.get(key)
    if (old) this.#forget(old)
    if (!member) return
    this.#members.set(key, member)
    const sent = sentKey(member, this.#byIdentity)
    this.#dirty.add(sent)
    if (!this.#byIdentity) return
    const sessions = this.#sessions.get(sent)
    if (sessions) sessions.add(key)
    else this.#sessions.set(sent, new Set([key]))
  }

  #forget(member: Member): void {
    const { key } = member
    this.#members.delete(key)
    const sent = sentKey(member, this.#byIdentity)
    this.#dirty.add(sent)
    const sessions = this.#sessions.get(sent)
    if (sessions?.delete(key) && sessions.size === 0) this.#sessions.delete(sent)
  }

  #encoded(sent: string): string | undefined {
    const key = this.#byIdentity ? [...(this.#sessions.get(sent) ?? [])].at(-1) : sent
    const member = key === undefined ? undefined : this.#members.get(key)
    if (!member) return undefined
    const { identity, data } = member
    const parts = [sent, identity].map((part) => JSON.stringify(part))
    return `[${[...parts, ...(data === undefined ? [] : [data])].join()}]`
  }
}

/** The key of a member that subscribers know. */
export function sentKey({ key, identity }: Member, byIdentity: boolean): string {
  return byIdentity && identity !== null ? identity : key
}
