import type { Clock } from '@holdfast/protocol'

/** A rate limit: `rate` tokens a second on average, and `burst` at once. Needs no timer. */
export class TokenBucket {
  readonly #clock: Clock
  readonly #rate: number
  readonly #burst: number
  #tokens: number
  #filledAt: number

  /** Full at first. `burst` is 1 or more. */
  constructor(clock: Clock, rate: number, burst: number) {
    this.#clock = clock
    this.#rate = rate
    this.#burst = burst
    this.#tokens = burst
    this.#filledAt = clock.now()
  }

  /** Whether it is as good as a new one. */
  get isFull(): boolean {
    this.#fill()
    return this.#tokens === this.#burst
  }

  /** How many tokens are missing. */
  get missing(): number {
    return this.isFull ? 0 : this.#burst - this.#tokens
  }

  /** Takes a token, if there is one. */
  take(): boolean {
    this.#fill()
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }

  /** Takes that many tokens, even if there are fewer: the rest is a debt, and there are none until it is paid. */
  spend(count: number): void {
    this.#fill()
    this.#tokens -= count
  }

  /**
   * Returns how long it takes until there are that many, or until the bucket is full, in whole milliseconds; 0 if
   * there are.
   */
  wait(count: number): number {
    this.#fill()
    const missing = Math.min(Math.max(1, count), this.#burst) - this.#tokens
    return missing > 0 ? Math.ceil((missing * 1_000) / this.#rate) : 0
  }

  #fill(): void {
    const now = this.#clock.now()
    const refill = this.#rate === Infinity ? Infinity : ((now - this.#filledAt) * this.#rate) / 1_000
    this.#tokens = Math.min(this.#burst, this.#tokens + refill)
    this.#filledAt = now
  }
}
