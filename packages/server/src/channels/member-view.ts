import type { Member, MemberChange, Members } from './broker.ts'

/** What has changed since the last version that subscribers were told, each member encoded. */
export interface ViewChange {
  readonly version: number
  readonly set: readonly string[]
  readonly gone: readonly string[]
}

/**
 * The members of a channel, as this hub knows them and as it has told its subscribers. Its members are sessions; those of one
 * identity are told as one if they count by identity. Changes are told together, under versions of its own.
 */
export class MemberView {
  readonly #byIdentity: boolean
  /** By the keys of the broker, which are ids of sessions. */
  readonly #members = new Map<string, Member>()
  /** The sessions of each told member, if they count by identity: the last one has the data. */
  readonly #sessions = new Map<string, Set<string>>()
  /** The encoded members, by the key that subscribers know. */
  readonly #told = new Map<string, string>()
  readonly #dirty = new Set<string>()
  /** The version of the broker. */
  #version = 0
  #toldVersion = 0

  constructor(byIdentity: boolean) {
    this.#byIdentity = byIdentity
  }

  /** The version that subscribers were told last. */
  get version(): number {
    return this.#toldVersion
  }

  /** All members, encoded, as subscribers were told. */
  get told(): Iterable<string> {
    return this.#told.values()
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

  /** Returns what subscribers have to be told; undefined for nothing. */
  changes(): ViewChange | undefined {
    const set: string[] = []
    const gone: string[] = []
    for (const key of this.#dirty) {
      const known = this.#told.get(key)
      const current = this.#encoded(key)
      if (current === known) continue
      if (current === undefined) {
        this.#told.delete(key)
        gone.push(JSON.stringify(key))
      } else {
        this.#told.set(key, current)
        set.push(current)
      }
    }
    this.#dirty.clear()
    return set.length + gone.length > 0 ? { version: ++this.#toldVersion, set, gone } : undefined
  }

  #set(key: string, member: Member | undefined): void {
    const old = this.#members.get(key)
    if (old) this.#forget(old)
    if (!member) return
    this.#members.set(key, member)
    const told = toldKey(member, this.#byIdentity)
    this.#dirty.add(told)
    if (!this.#byIdentity) return
    const sessions = this.#sessions.get(told)
    if (sessions) sessions.add(key)
    else this.#sessions.set(told, new Set([key]))
  }

  #forget(member: Member): void {
    const { key } = member
    this.#members.delete(key)
    const told = toldKey(member, this.#byIdentity)
    this.#dirty.add(told)
    const sessions = this.#sessions.get(told)
    if (sessions?.delete(key) && sessions.size === 0) this.#sessions.delete(told)
  }

  #encoded(told: string): string | undefined {
    const key = this.#byIdentity ? [...(this.#sessions.get(told) ?? [])].at(-1) : told
    const member = key === undefined ? undefined : this.#members.get(key)
    if (!member) return undefined
    const { identity, data } = member
    const parts = [told, identity].map((part) => JSON.stringify(part))
    return `[${[...parts, ...(data === undefined ? [] : [data])].join()}]`
  }
}

/** The key of a member that subscribers know. */
export function toldKey({ key, identity }: Member, byIdentity: boolean): string {
  return byIdentity && identity !== null ? identity : key
}
