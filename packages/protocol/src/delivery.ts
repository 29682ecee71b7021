import { HoldfastError } from './errors.ts'
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

/**
 * A delivery that can be settled. A class, so that a message in transit is one object with shared methods: clients
 * allocate more of these than of anything else.
 */
export abstract class Settling implements Delivery {
  outcome: Outcome | undefined = undefined
  private promise: Promise<Outcome> | undefined = undefined
  private resolve: ((outcome: Outcome) => void) | undefined = undefined

  abstract cancel(): boolean

  /** A caller awaits the outcome, which may be known already. */
  protected abstract awaited(): void

  then<A = Outcome, B = never>(
    onSettled?: ((outcome: Outcome) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.awaited()
    return this.settled().then(onSettled, onRejected)
  }

  async orThrow(): Promise<Outcome> {
    this.awaited()
    const outcome = await this.settled()
    if ('reason' in outcome) throw new HoldfastError(outcome.status, `message ${outcome.reason}`, { outcome })
    return outcome
  }

  /** Calls back with the outcome. Unlike `then`, this does not count as waiting for it. */
  whenSettled(listener: (outcome: Outcome) => void): void {
    void this.settled().then(listener)
  }

  /** Settles the delivery, and returns whether this was the first call; later calls have no effect. */
  protected finish(outcome: Outcome): boolean {
    if (this.outcome) return false
    this.outcome = outcome
    this.resolve?.(outcome)
    return true
  }

  private settled(): Promise<Outcome> {
    return (this.promise ??= this.outcome
      ? Promise.resolve(this.outcome)
      : new Promise((resolve) => (this.resolve = resolve)))
  }
}
