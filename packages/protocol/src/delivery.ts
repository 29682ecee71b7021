import type { Outcome } from './outcome.ts'

/**
 * The outcome of one message: a promise of its {@link Outcome} that never rejects and settles exactly once.
 *
 * Need not be awaited. Allocates a promise only when it is awaited.
 */
export interface Delivery extends PromiseLike<Outcome> {
  /** The outcome, or undefined while it is pending. */
  readonly outcome: Outcome | undefined
  /** Withdraws the message if it was not written yet, and returns whether it did. */
  cancel(): boolean
  /**
   * Returns a promise that rejects unless the message was delivered or sent.
   *
   * @throws {HoldfastError} `undelivered` or `unknown`, with the outcome
   */
  orThrow(): Promise<Outcome>
}
