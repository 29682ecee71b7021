import type { Clock } from '@holdfast/protocol'

/** A subscriber for which publications were skipped. */
export interface SlowSubscriber {
  /** Sends what was skipped, as far as there is room. Returns whether that is all. */
  catchUp(): boolean
}

const pollInterval = 100

/** Heals subscribers whose sockets were too full, when they have drained: with one timer for all of them. */
export class SlowSubscribers {
  readonly #clock: Clock
  readonly #slow = new Set<SlowSubscriber>()
  #timer: unknown

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Returns whether it was not slow before. */
  add(subscriber: SlowSubscriber): boolean {
    const isNew = !this.#slow.has(subscriber)
    this.#slow.add(subscriber)
    this.#start()
    return isNew
  }

  delete(subscriber: SlowSubscriber): void {
    if (this.#slow.delete(subscriber) && this.#slow.size === 0) this.clear()
  }

  clear(): void {
    this.#slow.clear()
    this.#clock.clearTimer(this.#timer)
    this.#timer = undefined
  }

  #start(): void {
    this.#timer ??= this.#clock.setTimer(() => {
      this.#timer = undefined
      for (const subscriber of this.#slow) if (subscriber.catchUp()) this.#slow.delete(subscriber)
      if (this.#slow.size > 0) this.#start()
    }, pollInterval)
  }
}
