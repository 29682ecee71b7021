import { ackDelay } from './limits.ts'
import type { LineOptions } from './line-options.ts'

/**
 * The acks of what comes in on one connection: each rides on what is written, or leaves by itself after a delay. Implements the section
 * Acks of PROTOCOL.md.
 */
export class Acks {
  /** The length of what was delivered since the last ack, in UTF-16 units. */
  length = 0
  readonly #options: LineOptions
  /** The cursor of the last ack. */
  #sent: number
  #isDue = false
  /** While this timer is pending, acks wait for it. */
  #timer: unknown

  constructor(options: LineOptions) {
    this.#options = options
    this.#sent = options.session.rx
  }

  /** Whether something was received that no ack covers. */
  get isBehind(): boolean {
    return this.#sent < this.#options.session.rx
  }

  /** Returns the ack to write now. */
  take(): number {
    this.#isDue = false
    this.length = 0
    return (this.#sent = this.#options.session.rx)
  }

  /** Sends the ack that is due, if nothing that was written has carried it. */
  send(): void {
    if (this.#isDue) this.#options.send(`["a",${this.take()}]`)
  }

  /** An ack is due from now on. Returns whether it leaves at the end of the turn, and not when the timer fires. */
  owe(): boolean {
    this.#isDue = true
    if (this.#timer !== undefined) return this.#isOverdue()
    this.#startTimer()
    return true
  }

  close(): void {
    this.#isDue = false
    this.#options.clock.clearTimer(this.#timer)
  }

  #isOverdue(): boolean {
    const [messages, bytes] = this.#options.window
    return this.#options.session.rx - this.#sent >= messages >> 1 || this.length >= bytes / 6
  }

  #startTimer(): void {
    this.#timer = this.#options.clock.setTimer(() => {
      this.#timer = undefined
      if (!this.#isDue) return
      this.send()
      this.#startTimer()
    }, ackDelay)
  }
}
