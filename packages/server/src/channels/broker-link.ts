import { HoldfastError, isHoldfastError } from '@holdfast/protocol'
import type { Clock } from '@holdfast/protocol'
import type { Counters } from '../counters.ts'
import type { Policy } from '../policy.ts'
import type { Broker, BrokerListener, BrokerNode, LogBounds, LogRange, LogSlice } from './broker.ts'
import type { Member, Members, NewEntry, Position } from './broker.ts'
import { brokerTimeout, withinTime } from './within-time.ts'

/** A channel that applications do not have. */
const probedChannel = 'health'

/** The error of what is asked of a hub that is closed. */
export function hubClosed(): HoldfastError {
  return new HoldfastError('disposed', 'the hub is closed')
}

/**
 * The broker of a hub, which is opened with the first use. All calls reject when the broker fails, or does not answer in time.
 */
export class BrokerLink {
  readonly clock: Clock
  onPublication: BrokerListener['published'] = () => {}
  onMember: BrokerListener['memberChanged'] = () => {}
  readonly #policy: Policy
  readonly #broker: Broker
  readonly #counters: Counters
  readonly #resets: (() => void)[] = []
  #node: BrokerNode | undefined
  #isClosed = false

  constructor(policy: Policy, broker: Broker, counters: Counters) {
    this.clock = policy.ports.clock
    this.#policy = policy
    this.#broker = broker
    this.#counters = counters
  }

  onReset(listener: () => void): void {
    this.#resets.push(listener)
  }

  /** Reports a failure, once in a while. That the hub is closed is none. */
  failed(error: unknown): void {
    if (isHoldfastError(error) && error.code === 'disposed') return
    this.#counters.brokerFailures++
    this.#policy.reportTrouble('broker', error)
  }

  async append(channel: string, publication: NewEntry, bounds: LogBounds): Promise<Position> {
    const position = await this.#within(this.#use().append(channel, publication, bounds))
    this.#counters.published++
    return position
  }

  async subscribe(channel: string): Promise<void> {
    await this.#within(this.#use().subscribe(channel))
  }

  unsubscribe(channel: string): void {
    this.#guard(() => this.#node?.unsubscribe(channel))
  }

  async read(channel: string, range: LogRange): Promise<LogSlice> {
    return await this.#within(this.#use().read(channel, range))
  }

  async setMember(channel: string, member: Member): Promise<void> {
    await this.#within(this.#use().setMember(channel, member))
  }

  async removeMember(channel: string, key: string): Promise<void> {
    await this.#within(this.#use().removeMember(channel, key))
  }

  async parkMember(channel: string, key: string, ttl: number): Promise<void> {
    await this.#within(this.#use().parkMember(channel, key, ttl))
  }

  async members(channel: string): Promise<Members> {
    return await this.#within(this.#use().members(channel))
  }

  /** Asks for something that every broker has to look up. */
  async isReachable(): Promise<boolean> {
    try {
      await this.members(probedChannel)
      return true
    } catch (error) {
      this.failed(error)
      return false
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const node = this.#node
    this.#node = undefined
    try {
      if (node) await this.#within(node.close())
    } catch (error) {
      this.failed(error)
    }
  }

  #use(): BrokerNode {
    if (this.#isClosed) throw hubClosed()
    return (this.#node ??= this.#broker.open({
      published: (...publication) => this.#guard(() => this.onPublication(...publication)),
      memberChanged: (...change) => this.#guard(() => this.onMember(...change)),
      reset: () => this.#guard(() => this.#resets.forEach((listener) => listener())),
    }))
  }

  /** What the broker brings may be malformed, about which it can do nothing. */
  #guard(take: () => void): void {
    try {
      take()
    } catch (error) {
      this.failed(error)
    }
  }

  #within<T>(promise: Promise<T>): Promise<T> {
    return withinTime(this.clock, brokerTimeout, promise)
  }
}
