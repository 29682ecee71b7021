import type { WireMember } from './content.ts'

/** A member of a channel. */
export interface Member<Data = unknown> {
  /** Identifies the member in the channel. */
  readonly key: string
  /** The identity of the member, as the server tells it; null if it has none. */
  readonly identity: string | null
  readonly data: Data
}

/** The members before the server has sent any. */
export const nobody: { readonly members: readonly Member[]; readonly isKnown: boolean } = {
  members: [],
  isKnown: false,
}

/** A change of the members of a channel. */
export interface MemberChange {
  readonly kind: 'join' | 'leave' | 'update'
  readonly member: Member
}

/** A list of all members, or what has changed of it. */
export interface MembersMessage {
  readonly version: number
  readonly all: readonly WireMember[] | undefined
  readonly hasMore: boolean
  readonly set: readonly WireMember[]
  readonly gone: readonly string[]
}

/** The members of a channel, as far as the server has reported. */
export class Members {
  /** A new one after each change. */
  list: readonly Member[] = nobody.members
  /** Whether the server has sent all members once. */
  isKnown = false

  #members = new Map<string, Member>()
  /** The version of the members; undefined if the next message has to be a list of all. */
  #version: number | undefined
  /** The list of all members that is being received. */
  #parts = new Map<string, Member>()

  /** Returns what a message has changed, undefined if it does not follow the last one. */
  take({ version, all, hasMore, set, gone }: MembersMessage): readonly MemberChange[] | undefined {
    if (all) {
      for (const member of all) this.#parts.set(member[0], this.#memberOf(member))
      if (hasMore) return []
      const next = this.#parts
      this.#parts = new Map()
      this.#version = version
      this.isKnown = true
      return this.#replace(next)
    }
    if (this.#version === undefined || version <= this.#version) return []
    if (version > this.#version + 1) return undefined
    this.#version = version
    const next = new Map(this.#members)
    for (const key of gone) next.delete(key)
    for (const member of set) next.set(member[0], this.#memberOf(member))
    return this.#replace(next)
  }

  /** A list of all is to come. Until then, the members are the last ones that were known. */
  restart(): void {
    this.#version = undefined
    this.#parts = new Map()
  }

  /** The subscription has ended. */
  clear(): readonly MemberChange[] {
    this.restart()
    this.isKnown = false
    return this.#replace(new Map())
  }

  #replace(next: Map<string, Member>): readonly MemberChange[] {
    const changes: MemberChange[] = []
    for (const [key, member] of this.#members) if (!next.has(key)) changes.push({ kind: 'leave', member })
    for (const [key, member] of next) {
      const before = this.#members.get(key)
      if (!before) changes.push({ kind: 'join', member })
      else if (before !== member) changes.push({ kind: 'update', member })
    }
    this.#members = next
    if (changes.length > 0) this.list = [...next.values()]
    return changes
  }

  /** The same object as before if the member has not changed. */
  #memberOf([key, identity, data]: WireMember): Member {
    const before = this.#members.get(key)
    const isSame = before?.identity === identity && JSON.stringify(before.data) === JSON.stringify(data)
    return isSame ? before : { key, identity, data }
  }
}
