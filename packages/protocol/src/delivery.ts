import { HoldfastError } from './errors.ts'

/**
 * Why a message was certainly not handed on.
 *
 * - `expired`: its `ttl` passed first.
 * - `overflow`: the queue was full.
 * - `cancelled`: by `cancel()` or the message's signal.
 * - `replaced`: a newer message with the same `key` took its place.
 * - `volatile`: it could not go at once.
 * - `too-large`: it is larger than a frame may be, or than the whole queue.
 * - `rejected`: the socket or the peer refused to take it, twice.
 * - `session-lost`: the session ended before the peer handed it on, or before it was written and the next session
 *   belongs to somebody else.
 * - `closed`: the connection ended for good, or `disconnect({ queue: 'discard' })` was called.
 * - `disposed`: `dispose()` was called.
 */
export type UndeliveredReason =
  | 'expired'
  | 'overflow'
  | 'cancelled'
  | 'replaced'
  | 'volatile'
  | 'too-large'
  | 'rejected'
  | 'session-lost'
  | 'closed'
  | 'disposed'

/**
 * Why nobody can tell what became of a message that was written: its session ended without the peer's final word
 * (`session-lost`), or was ended here before it came (`closed`, `disposed`).
 */
export type UnknownReason = 'session-lost' | 'closed' | 'disposed'

/**
 * What became of a message.
 *
 * - `delivered`: handed to the peer's handlers. Whether they succeeded, only a request tells.
 * - `sent`: handed to an open socket. On the plain wire, and for volatile messages, there is no proof of more.
 * - `undelivered`: certainly not handed on.
 * - `unknown`: written to a session that ended before the peer said how far it got.
 */
export type Outcome =
  | { readonly status: 'delivered' }
  | { readonly status: 'sent' }
  | { readonly status: 'undelivered'; readonly reason: UndeliveredReason }
  | { readonly status: 'unknown'; readonly reason: UnknownReason }

/**
 * The fate of one message: a promise of its {@link Outcome} that never rejects and settles exactly once.
 *
 * Need not be awaited. Costs no promise until somebody does.
 */
export interface Delivery extends PromiseLike<Outcome> {
  /** The outcome, or undefined while it is open. */
  readonly outcome: Outcome | undefined
  /** Takes the message back if it was not written yet, and says whether it did. */
  cancel(): boolean
  /**
   * A promise that rejects unless the message was delivered or sent.
   *
   * @throws {HoldfastError} `undelivered` or `unknown`, with the outcome
   */
  orThrow(): Promise<Outcome>
}

/**
 * A delivery that can be settled. A class, so that a message on its way is one object whose methods are shared: of all
 * that a client allocates, there is nothing that there is more of.
 */
export abstract class Settling implements Delivery {
  outcome: Outcome | undefined = undefined
  private promise: Promise<Outcome> | undefined = undefined
  private resolve: ((outcome: Outcome) => void) | undefined = undefined

  abstract cancel(): boolean

  then<A = Outcome, B = never>(
    onSettled?: ((outcome: Outcome) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.settled().then(onSettled, onRejected)
  }

  async orThrow(): Promise<Outcome> {
    const outcome = await this.settled()
    if ('reason' in outcome) throw new HoldfastError(outcome.status, `message ${outcome.reason}`, { outcome })
    return outcome
  }

  /** Settles the delivery, and tells whether this was the first call; no other counts. */
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
