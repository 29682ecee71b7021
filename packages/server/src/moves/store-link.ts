import { longestTimer } from '@holdfast/protocol'
import type { Clock } from '@holdfast/protocol'
import { brokerTimeout, withinTime } from '../channels/within-time.ts'
import type { Counters } from '../counters.ts'
import type { ReportTrouble } from '../trouble.ts'
import type { SessionStoreNode } from './session-store.ts'

const shortestPause = 100
const longestPause = 5_000
/** How long the store may take to show that it can be reached, in milliseconds. */
const probeTimeout = 1_000

interface StoreLinkParts {
  readonly clock: Clock
  readonly counters: Pick<Counters, 'brokerFailures'>
  readonly reportTrouble: ReportTrouble
}

/** The part of a store that a hub uses, with limits of time: a store may fail, or never answer. */
export class StoreLink {
  readonly clock: Clock
  readonly #node: SessionStoreNode
  readonly #parts: StoreLinkParts
  #isClosed = false
  /** Stops the calls that are repeated. A race against one promise would keep every call until that promise is settled. */
  readonly #stops = new Set<() => void>()

  constructor(node: SessionStoreNode, parts: StoreLinkParts) {
    this.clock = parts.clock
    this.#node = node
    this.#parts = parts
  }

  get isLasting(): boolean {
    return this.#node.isLasting
  }

  /** Calls the store once. */
  async call<T>(call: (node: SessionStoreNode) => Promise<T>, timeout: number = brokerTimeout): Promise<T> {
    try {
      return await withinTime(this.clock, timeout, call(this.#node))
    } catch (error) {
      this.failed(error)
      throw error
    }
  }

  /** Calls the store until it answers. Undefined once the answer is not needed any more, or the hub is closed. */
  repeat<T>(
    call: (node: SessionStoreNode) => Promise<T>,
    isWanted: () => boolean = () => true,
  ): Promise<T | undefined> {
    return new Promise((resolve) => {
      const stop = (): void => answered(undefined)
      const answered = (answer: T | undefined): void => {
        this.#stops.delete(stop)
        resolve(answer)
      }
      this.#stops.add(stop)
      this.#repeat(call, isWanted).then(answered, stop)
    })
  }

  sleep(delay: number): Promise<void> {
    return new Promise((resolve) => this.clock.setTimer(resolve, Math.min(delay, longestTimer), true))
  }

  /** Whether the store answers now. */
  async isReachable(): Promise<boolean> {
    try {
      await this.call((node) => node.readMailbox('', 0), probeTimeout)
      return true
    } catch {
      return false
    }
  }

  /** Reports a failure, once in a while. */
  failed(error: unknown): void {
    this.#parts.counters.brokerFailures++
    this.#parts.reportTrouble('session store', error)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const stop of this.#stops) stop()
    try {
      await this.call((node) => node.close())
    } catch {
      // It is reported.
    }
  }

  async #repeat<T>(
    call: (node: SessionStoreNode) => Promise<T>,
    isWanted: () => boolean,
  ): Promise<T | undefined> {
    for (let pause = shortestPause; isWanted() && !this.#isClosed; pause = Math.min(longestPause, pause * 2))
      try {
        return await this.call(call)
      } catch {
        await this.sleep(pause)
      }
    return undefined
  }
}
