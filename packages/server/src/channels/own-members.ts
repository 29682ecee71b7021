import type { Clock } from '@holdfast/protocol'
import type { Member } from './broker.ts'

/** What writes to the broker. */
export interface MemberPort {
  setMember(channel: string, member: Member): Promise<void>
  removeMember(channel: string, key: string): Promise<void>
  parkMember(channel: string, key: string, ttl: number): Promise<void>
  failed(error: unknown): void
}

/** How long changes of one member may be collected, and how long to wait after a failure, in milliseconds. */
const writeInterval = 50
const retryDelay = 1_000

interface Entry {
  readonly channel: string
  readonly key: string
  /** What the broker should have; undefined if it should have none. */
  wanted: Member | undefined
  /** How long the broker keeps a member for another hub, in milliseconds. */
  ttl: number | undefined
  isDirty: boolean
  isWriting: boolean
}

/**
 * The members that this hub has set, and what the broker should know of them: writes what differs, one call at a time for each, and
 * repeats what has failed. A member that changes quickly is written at intervals.
 */
export class OwnMembers {
  readonly #clock: Clock
  readonly #port: MemberPort
  readonly #channels = new Map<string, Map<string, Entry>>()
  readonly #dirty = new Set<Entry>()
  /** Calls of the broker that are under way. */
  readonly #writes = new Set<Promise<void>>()
  #timer: unknown

  constructor(clock: Clock, port: MemberPort) {
    this.#clock = clock
    this.#port = port
  }

  /** The number of members of this hub in a channel. */
  count(channel: string): number {
    return this.#channels.get(channel)?.size ?? 0
  }

  set(channel: string, member: Member): void {
    const entry = this.#entry(channel, member.key)
    entry.ttl = undefined
    if (entry.wanted?.data === member.data && entry.wanted) return
    this.#change(entry, member)
  }

  remove(channel: string, key: string): void {
    const entry = this.#channels.get(channel)?.get(key)
    if (!entry?.wanted) return
    entry.ttl = undefined
    this.#change(entry, undefined)
  }

  /** The member that the broker should have. */
  find(channel: string, key: string): Member | undefined {
    return this.#channels.get(channel)?.get(key)?.wanted
  }

  /** Another hub goes on with the member, which stays for so many milliseconds. */
  park(channel: string, key: string, ttl: number): void {
    const entry = this.#channels.get(channel)?.get(key)
    if (!entry?.wanted) return
    entry.ttl = ttl
    this.#change(entry, undefined)
  }

  /** The broker may have lost them. */
  assert(): void {
    for (const entries of this.#channels.values()) for (const entry of entries.values()) this.#mark(entry)
  }

  /** Writes what differs, without intervals. Resolves when the broker has answered, or the calls have failed twice. */
  async finish(): Promise<void> {
    // What is being written may have changed meanwhile.
    for (let round = 1; round <= 2; round++) {
      for (const entry of this.#dirty) this.#write(entry)
      this.#dirty.clear()
      await Promise.all(this.#writes)
    }
  }

  clear(): void {
    this.#clock.clearTimer(this.#timer)
    this.#channels.clear()
    this.#dirty.clear()
  }

  #entry(channel: string, key: string): Entry {
    let entries = this.#channels.get(channel)
    if (!entries) this.#channels.set(channel, (entries = new Map()))
    let entry = entries.get(key)
    if (!entry)
      entries.set(
        key,
        (entry = { channel, key, wanted: undefined, ttl: undefined, isDirty: false, isWriting: false }),
      )
    return entry
  }

  #change(entry: Entry, wanted: Member | undefined): void {
    entry.wanted = wanted
    this.#mark(entry)
  }

  #mark(entry: Entry): void {
    entry.isDirty = true
    // The member that changed last is written last: of the sessions of an identity, it has the data.
    this.#dirty.delete(entry)
    this.#dirty.add(entry)
    if (this.#timer === undefined) this.#flush()
  }

  /** Writes now, and what changes meanwhile after the interval. */
  #flush(): void {
    for (const entry of this.#dirty) this.#write(entry)
    this.#dirty.clear()
    this.#later(writeInterval)
  }

  #later(delay: number): void {
    this.#clock.clearTimer(this.#timer)
    this.#timer = this.#clock.setTimer(() => {
      this.#timer = undefined
      if (this.#dirty.size > 0) this.#flush()
    }, delay)
  }

  #write(entry: Entry): void {
    if (entry.isWriting) return
    const write: Promise<void> = this.#writeNow(entry).finally(() => this.#writes.delete(write))
    this.#writes.add(write)
  }

  async #writeNow(entry: Entry): Promise<void> {
    const { channel, key, wanted } = entry
    entry.isWriting = true
    entry.isDirty = false
    let delay = writeInterval
    try {
      await this.#call(entry)
    } catch (error) {
      this.#port.failed(error)
      entry.isDirty = true
      delay = retryDelay
    }
    entry.isWriting = false
    if (this.#channels.get(channel)?.get(key) !== entry) return
    if (entry.isDirty) {
      this.#dirty.add(entry)
      this.#later(delay)
    } else if (!wanted) this.#forget(entry)
  }

  #call({ channel, key, wanted, ttl }: Entry): Promise<void> {
    if (wanted) return this.#port.setMember(channel, wanted)
    return ttl === undefined
      ? this.#port.removeMember(channel, key)
      : this.#port.parkMember(channel, key, ttl)
  }

  #forget({ channel, key }: Entry): void {
    const entries = this.#channels.get(channel)!
    entries.delete(key)
    if (entries.size === 0) this.#channels.delete(channel)
  }
}
