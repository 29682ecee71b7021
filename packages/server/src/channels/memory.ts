import { randomBytes } from 'node:crypto'
import { misuse } from '@holdfast/protocol'
import type {
  Broker,
  BrokerListener,
  BrokerNode,
  LogBounds,
  LogEntry,
  Member,
  MemberChange,
} from './broker.ts'
import type { LogRange, LogSlice, Members, NewEntry, Position } from './broker.ts'
import { createMemoryStore } from '../moves/memory-store.ts'
import { Log, positionOf } from './log.ts'

/** The options of `memory()`. */
export interface MemoryOptions {
  /**
   * The channels whose history is remembered. When there are more, those that were used least recently are forgotten, except
   * those with subscribers: their former subscribers are notified of a gap.
   *
   * @default 100_000
   */
  readonly maxChannels?: number
  /**
   * The history of all channels together, in UTF-16 units. When there is more, the channels that were used least recently lose
   * theirs.
   *
   * @default 268_435_456
   */
  readonly maxBytes?: number
  /**
   * Milliseconds since the Unix epoch.
   *
   * @default Date.now
   */
  readonly now?: () => number
  /**
   * Calls back after so many milliseconds, when a member may have to leave because no node has it.
   *
   * @default a timer that does not keep the process alive
   */
  readonly setTimer?: (callback: () => void, delay: number) => void
}

/** How many ids of publications are remembered per channel, to recognize repeated ones. */
const rememberedIds = 100
/** How many channels are looked at for each publication, to find some that can be forgotten. */
const looksPerAppend = 8
/** How long the cursors of a session that has ended are kept, in milliseconds. */
const tombstoneTimeout = 86_400_000
/** How many messages wait for a session that moves, and how much of all sessions is parked, in UTF-16 units. */
const maxMailboxMessages = 10_000
const maxParkedLength = 134_217_728
const nothing: LogBounds = { maxMessages: 0, maxBytes: 0, maxAge: 0 }

/**
 * Creates a broker in the memory of this process. Several hubs of the process can share it; it ends with the process, after
 * which subscribers are notified of a gap.
 *
 * @throws {HoldfastError} `misuse`
 * @example
 * import { createHub, memory } from '@holdfast/server'
 *
 * const hub = createHub({ broker: memory() })
 */
export function memory(options: MemoryOptions = {}): Broker {
  const { maxChannels = 100_000, maxBytes = 268_435_456, now = Date.now, setTimer = setNodeTimer } = options
  for (const [name, value] of Object.entries({ maxChannels, maxBytes }))
    if (!(value > 0)) throw misuse(`${name} must be a number above 0, not ${String(value)}`)
  const store = new MemoryStore({ maxChannels, maxBytes, now, setTimer })
  const sessions = createMemoryStore({ tombstoneTimeout, maxMailboxMessages, maxParkedLength, now })
  return {
    open: (listener) => new MemoryNode(store, listener),
    openSessions: (listener) => sessions.open(listener),
  }
}

function setNodeTimer(callback: () => void, delay: number): void {
  setTimeout(callback, Math.min(delay, 2_147_483_647)).unref()
}

/** A channel: its log, its members, and the nodes that are subscribed. */
class MemoryChannel {
  readonly log: Log
  readonly nodes = new Set<MemoryNode>()
  bounds: LogBounds | undefined
  /** The ids of the last publications, up to the head. */
  readonly ids: string[] = []
  /** Made with the first member. */
  members: Map<string, OwnedMember> | undefined
  version = 0

  get isUsed(): boolean {
    return this.nodes.size > 0 || (this.members?.size ?? 0) > 0
  }

  constructor(epoch: string) {
    this.log = new Log({ epoch, before: { offset: 0, id: '' }, entries: [] })
  }
}

interface OwnedMember {
  readonly member: Member
  /** Undefined while it is parked. */
  readonly owner: MemoryNode | undefined
  /** When it leaves, if it is parked. */
  readonly until: number
}

class MemoryStore {
  /** In the order of their last use. */
  readonly #channels = new Map<string, MemoryChannel>()
  readonly #options: Required<MemoryOptions>
  readonly #id = randomBytes(9).toString('base64url')
  /** Raised when a log is forgotten, because its offsets may be used again. */
  #generation = 0
  #bytes = 0

  constructor(options: Required<MemoryOptions>) {
    this.#options = options
  }

  /** The channel, if it is in use. */
  find(name: string): MemoryChannel | undefined {
    return this.#channels.get(name)
  }

  /** The channel, which is the last to be forgotten from now on. */
  use(name: string): MemoryChannel {
    let channel = this.#channels.get(name)
    if (channel) this.#channels.delete(name)
    else channel = new MemoryChannel(this.#epoch())
    this.#channels.set(name, channel)
    return channel
  }

  append(name: string, { id, text }: NewEntry, bounds: LogBounds): Position {
    const channel = this.use(name)
    const { log, ids } = channel
    const known = ids.lastIndexOf(id)
    if (known >= 0) return positionOf(log.epoch, { offset: log.head.offset - (ids.length - 1 - known), id })
    const before = log.head
    const entry: LogEntry = { offset: before.offset + 1, id, text, at: this.#options.now() }
    ids.push(id)
    if (ids.length > Math.max(rememberedIds, log.size)) ids.shift()
    channel.bounds = bounds
    this.#change(log, () => {
      log.append(entry)
      log.trim(bounds, entry.at)
    })
    for (const node of channel.nodes) node.published(name, log.epoch, entry, before.id)
    this.#forget()
    return positionOf(log.epoch, entry)
  }

  read(name: string, range: LogRange): LogSlice {
    const channel = this.#channels.get(name)
    const { log, bounds } = channel ?? new MemoryChannel(this.#epoch())
    if (bounds) this.#change(log, () => log.trim(bounds, this.#options.now()))
    return log.slice(range)
  }

  /** Forgets a channel that is not in use and that never had a publication. */
  rest(name: string, channel: MemoryChannel): void {
    if (!channel.isUsed && channel.log.head.offset === 0) this.#channels.delete(name)
  }

  /** No node has the member any more, which leaves later. */
  park(name: string, { members }: MemoryChannel, { member }: OwnedMember, ttl: number): void {
    const until = this.#options.now() + ttl
    members!.set(member.key, { member, owner: undefined, until })
    this.#leaveAt(until, name, member.key)
  }

  removeMember(name: string, channel: MemoryChannel, key: string): void {
    channel.members!.delete(key)
    changed(name, channel, key, undefined)
    this.rest(name, channel)
  }

  #leaveAt(until: number, name: string, key: string): void {
    const left = until - this.#options.now()
    const channel = this.#channels.get(name)
    // A timer may fire early.
    if (left > 0) this.#options.setTimer(() => this.#leaveAt(until, name, key), left)
    else if (channel?.members?.get(key)?.until === until) this.removeMember(name, channel, key)
  }

  #epoch(): string {
    return `${this.#id}.${this.#generation}`
  }

  #change(log: Log, change: () => void): void {
    const before = log.bytes
    change()
    this.#bytes += log.bytes - before
  }

  /** Looks at the channels that were used least recently: drops what has expired, and forgets what exceeds the bounds. */
  #forget(): void {
    let looks = 0
    for (const [name, channel] of this.#channels) {
      const { log, bounds } = channel
      if (bounds) this.#change(log, () => log.trim(bounds, this.#options.now()))
      const isOver = this.#channels.size > this.#options.maxChannels
      if ((!isOver && this.#bytes <= this.#options.maxBytes) || ++looks > looksPerAppend) return
      this.#change(log, () => log.trim(nothing, Infinity))
      this.#channels.delete(name)
      if (channel.isUsed || !isOver) this.#channels.set(name, channel)
      else this.#generation++
    }
  }
}

class MemoryNode implements BrokerNode {
  readonly #store: MemoryStore
  readonly #listener: BrokerListener
  readonly #subscribed = new Set<string>()
  /** The channels that have members of this node. */
  readonly #present = new Map<string, Set<string>>()

  constructor(store: MemoryStore, listener: BrokerListener) {
    this.#store = store
    this.#listener = listener
  }

  published(name: string, epoch: string, entry: LogEntry, before: string): void {
    this.#listener.published(name, epoch, entry, before)
  }

  async append(name: string, publication: NewEntry, bounds: LogBounds): Promise<Position> {
    return this.#store.append(name, publication, bounds)
  }

  async subscribe(name: string): Promise<void> {
    this.#subscribed.add(name)
    this.#store.use(name).nodes.add(this)
  }

  unsubscribe(name: string): void {
    this.#subscribed.delete(name)
    const channel = this.#store.find(name)
    if (!channel) return
    channel.nodes.delete(this)
    this.#store.rest(name, channel)
  }

  async read(name: string, range: LogRange): Promise<LogSlice> {
    return this.#store.read(name, range)
  }

  async setMember(name: string, member: Member): Promise<void> {
    const channel = this.#store.use(name)
    const keys = this.#present.get(name)
    if (keys) keys.add(member.key)
    else this.#present.set(name, new Set([member.key]))
    channel.members ??= new Map()
    const known = channel.members.get(member.key)
    channel.members.set(member.key, { member, owner: this, until: Infinity })
    if (!isSame(known?.member, member)) changed(name, channel, member.key, member)
  }

  async removeMember(name: string, key: string): Promise<void> {
    const found = this.#giveUp(name, key)
    if (found) this.#store.removeMember(name, found.channel, key)
  }

  async parkMember(name: string, key: string, ttl: number): Promise<void> {
    const found = this.#giveUp(name, key)
    if (found) this.#store.park(name, found.channel, found.owned, ttl)
  }

  async members(name: string): Promise<Members> {
    const { version = 0, members } = this.#store.find(name) ?? {}
    return { version, members: Array.from(members?.values() ?? [], ({ member }) => member) }
  }

  memberChanged(name: string, change: MemberChange): void {
    this.#listener.memberChanged(name, change)
  }

  async close(): Promise<void> {
    for (const name of this.#subscribed) this.unsubscribe(name)
    for (const [name, keys] of this.#present) for (const key of keys) await this.removeMember(name, key)
  }

  /** Returns a member that this node was the last to set. */
  #giveUp(name: string, key: string): { channel: MemoryChannel; owned: OwnedMember } | undefined {
    const keys = this.#present.get(name)
    if (keys?.delete(key) && keys.size === 0) this.#present.delete(name)
    const channel = this.#store.find(name)
    const owned = channel?.members?.get(key)
    return channel && owned?.owner === this ? { channel, owned } : undefined
  }
}

function changed(name: string, channel: MemoryChannel, key: string, member: Member | undefined): void {
  const change: MemberChange = { version: ++channel.version, key, member }
  for (const node of channel.nodes) node.memberChanged(name, change)
}

function isSame(a: Member | undefined, b: Member): boolean {
  return a !== undefined && a.identity === b.identity && a.data === b.data
}
