import { Log, positionOf } from '../../src/channels/log.ts'
import type {
  Broker,
  BrokerListener,
  BrokerNode,
  LogBounds,
  LogEntry,
  LogRange,
  LogSlice,
  Member,
  Members,
  NewEntry,
  Position,
} from '../../src/index.ts'

type Method = 'append' | 'subscribe' | 'read' | 'setMember' | 'removeMember' | 'parkMember' | 'members'

/**
 * A broker in which the test decides what is slow, fails, is lost and comes late. Without that it does at once what it should,
 * with one difference to `memory()`: nothing that is the same object on both sides hides a fault.
 */
export class TestBroker implements Broker {
  /** What was called, in order. */
  readonly calls: (readonly [method: Method, channel: string])[] = []
  /** Methods that reject. */
  readonly failing = new Set<Method>()
  /** Publications are not brought before `deliver()`. */
  isHolding = false
  /** Publications are not brought at all. */
  isDeaf = false
  /** What `read` gives instead of the log. */
  slice: { readonly slice: unknown } | undefined
  /** `subscribe` and `unsubscribe` throw. */
  isRude = false
  readonly #logs = new Map<string, Log>()
  readonly #members = new Map<
    string,
    { version: number; all: Map<string, { member: Member; owner: object | undefined }> }
  >()
  readonly #nodes = new Set<TestNode>()
  /** The methods whose answers wait, and what lets them go. */
  readonly #held = new Map<Method, (() => void)[]>()
  #deliveries: (() => void)[] = []
  #epochs = 0

  open(listener: BrokerListener): BrokerNode {
    const node = new TestNode(this, listener)
    this.#nodes.add(node)
    return node
  }

  /** Holds the answers of a method back, which happens nevertheless. */
  hold(method: Method): void {
    this.#held.set(method, [])
  }

  release(method: Method): void {
    const waiting = this.#held.get(method) ?? []
    this.#held.delete(method)
    for (const goOn of waiting) goOn()
  }

  /** Brings what was held, the last one first if the order is turned. */
  deliver(isTurned = false): void {
    const deliveries = this.#deliveries.splice(0)
    for (const bring of isTurned ? deliveries.toReversed() : deliveries) bring()
  }

  /** Loses what was held. */
  lose(): void {
    this.#deliveries = []
  }

  /** The connection that brings publications was renewed. */
  reset(): void {
    for (const { listener } of this.#nodes) listener.reset()
  }

  /** All data is lost. */
  wipe(): void {
    this.#logs.clear()
    this.#members.clear()
  }

  /** The last publications are lost, and their offsets will be used again. */
  rollBack(channel: string, count: number): void {
    const { epoch, before, entries } = this.logOf(channel).slice({ after: 0 })
    this.#logs.set(channel, new Log({ epoch, before, entries: entries.slice(0, -count) }))
  }

  logOf(channel: string): Log {
    let log = this.#logs.get(channel)
    if (!log) {
      log = new Log({ epoch: `e${++this.#epochs}`, before: { offset: 0, id: '' }, entries: [] })
      this.#logs.set(channel, log)
    }
    return log
  }

  membersOf(channel: string): {
    version: number
    all: Map<string, { member: Member; owner: object | undefined }>
  } {
    let members = this.#members.get(channel)
    if (!members) this.#members.set(channel, (members = { version: 0, all: new Map() }))
    return members
  }

  async call<T>(method: Method, channel: string, run: () => T): Promise<T> {
    this.calls.push([method, channel])
    if (this.failing.has(method)) throw new Error(`no ${method}`)
    const result = run()
    const waiting = this.#held.get(method)
    if (waiting) await new Promise<void>((resolve) => waiting.push(resolve))
    return result
  }

  bring(channel: string, to: (listener: BrokerListener) => void): void {
    if (this.isDeaf) return
    const bring = (): void => {
      for (const node of this.#nodes) if (node.channels.has(channel)) to(node.listener)
    }
    if (this.isHolding) this.#deliveries.push(bring)
    else bring()
  }

  closed(node: TestNode): void {
    this.#nodes.delete(node)
  }
}

class TestNode implements BrokerNode {
  readonly channels = new Set<string>()
  readonly listener: BrokerListener
  readonly #broker: TestBroker

  constructor(broker: TestBroker, listener: BrokerListener) {
    this.#broker = broker
    this.listener = listener
  }

  append(channel: string, { id, text }: NewEntry, bounds: LogBounds): Promise<Position> {
    const broker = this.#broker
    return broker.call('append', channel, () => {
      const log = broker.logOf(channel)
      const known = log.slice({ after: 0 }).entries.find((entry) => entry.id === id)
      if (known) return positionOf(log.epoch, known)
      const { epoch, head } = log
      const entry: LogEntry = { offset: head.offset + 1, id, text, at: Infinity }
      log.append(entry)
      log.trim(bounds, 0)
      broker.bring(channel, (listener) => listener.published(channel, epoch, { ...entry }, head.id))
      return positionOf(epoch, entry)
    })
  }

  subscribe(channel: string): Promise<void> {
    if (this.#broker.isRude) throw new Error('no subscribe')
    return this.#broker.call('subscribe', channel, () => void this.channels.add(channel))
  }

  unsubscribe(channel: string): void {
    if (this.#broker.isRude) throw new Error('no unsubscribe')
    this.channels.delete(channel)
  }

  read(channel: string, range: LogRange): Promise<LogSlice> {
    const broker = this.#broker
    return broker.call('read', channel, () =>
      broker.slice ? (broker.slice.slice as LogSlice) : structuredClone(broker.logOf(channel).slice(range)),
    )
  }

  setMember(channel: string, member: Member): Promise<void> {
    return this.#broker.call('setMember', channel, () => {
      const members = this.#broker.membersOf(channel)
      members.all.set(member.key, { member, owner: this })
      this.#changed(channel, ++members.version, member.key, member)
    })
  }

  removeMember(channel: string, key: string): Promise<void> {
    return this.#broker.call('removeMember', channel, () => {
      const members = this.#broker.membersOf(channel)
      if (members.all.get(key)?.owner !== this) return
      members.all.delete(key)
      this.#changed(channel, ++members.version, key, undefined)
    })
  }

  /** The member stays until a node sets it and removes it: nothing expires here. */
  parkMember(channel: string, key: string): Promise<void> {
    return this.#broker.call('parkMember', channel, () => {
      const { all } = this.#broker.membersOf(channel)
      const known = all.get(key)
      if (known?.owner === this) all.set(key, { ...known, owner: undefined })
    })
  }

  members(channel: string): Promise<Members> {
    return this.#broker.call('members', channel, () => {
      const { version, all } = this.#broker.membersOf(channel)
      return { version, members: Array.from(all.values(), ({ member }) => ({ ...member })) }
    })
  }

  async close(): Promise<void> {
    this.#broker.closed(this)
  }

  #changed(channel: string, version: number, key: string, member: Member | undefined): void {
    this.#broker.bring(channel, (listener) => listener.memberChanged(channel, { version, key, member }))
  }
}
