import type { Clock } from '@holdfast/protocol'
import { TokenBucket } from '../token-bucket.ts'
import type { SlowSubscriber, SlowSubscribers } from './slow-subscribers.ts'

/** How often a client may join a channel again that it has: so many times at once, and then per second. */
const burst = 5
const rate = 2

/**
 * Paces a client on its connection that joins a channel which it has. A client that cannot keep up drops publications and joins
 * again for them, which brings it more than it can take, as fast as the network allows.
 */
export class Rejoins {
  readonly #clock: Clock
  readonly #slow: SlowSubscribers
  readonly #buckets = new Map<string, TokenBucket>()
  readonly #waiting = new Map<string, SlowSubscriber>()

  constructor(clock: Clock, slow: SlowSubscribers) {
    this.#clock = clock
    this.#slow = slow
  }

  /** Processes a join now or later, unless it is cancelled. */
  pace(channel: string, join: () => void): void {
    let bucket = this.#buckets.get(channel)
    if (!bucket) this.#buckets.set(channel, (bucket = new TokenBucket(this.#clock, rate, burst)))
    if (bucket.take()) return join()
    const waiting: SlowSubscriber = {
      catchUp: () => {
        if (!bucket.take()) return false
        this.#waiting.delete(channel)
        join()
        return true
      },
    }
    this.#waiting.set(channel, waiting)
    this.#slow.add(waiting)
  }

  /** The join that waits is no longer wanted. */
  cancel(channel: string): void {
    const waiting = this.#waiting.get(channel)
    if (!waiting) return
    this.#waiting.delete(channel)
    this.#slow.delete(waiting)
  }

  /** The client has left the channel. */
  forget(channel: string): void {
    this.cancel(channel)
    this.#buckets.delete(channel)
  }
}
