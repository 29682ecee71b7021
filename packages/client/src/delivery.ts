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
 * - `rejected`: the socket refused to take it, twice.
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
  | 'closed'
  | 'disposed'

/**
 * What became of a message.
 *
 * - `sent`: handed to an open socket. On the plain wire there is no proof of more.
 * - `undelivered`: never written, so certainly not received.
 */
export type Outcome =
  | { readonly status: 'sent' }
  | { readonly status: 'undelivered'; readonly reason: UndeliveredReason }

/**
 * The fate of one message: a promise of its {@link Outcome} that never rejects and settles exactly once.
 *
 * Need not be awaited. Costs no promise until somebody does.
 */
export interface Delivery extends PromiseLike<Outcome> {
  /** The outcome, or undefined while the message waits. */
  readonly outcome: Outcome | undefined
  /** Takes the message back if it was not written yet, and says whether it did. */
  cancel(): boolean
  /**
   * A promise that rejects unless the message was sent.
   *
   * @throws {HoldfastError} `undelivered`, with the outcome
   */
  orThrow(): Promise<Outcome>
}

export interface SettledDelivery {
  readonly delivery: Delivery
  /** Settles the delivery; only the first call counts. */
  settle(outcome: Outcome): void
}

/** Makes a delivery and the function that settles it; `take` takes the message back and says whether it could. */
export function createDelivery(take: () => boolean): SettledDelivery {
  // A property, not a getter: an object literal with an accessor costs more than all the rest of a send.
  const delivery: Delivery & { outcome: Outcome | undefined } = {
    outcome: undefined,
    then: (onSettled, onRejected) => settled().then(onSettled, onRejected),
    cancel: take,
    orThrow: () =>
      settled().then((result) => {
        if (result.status === 'undelivered')
          throw new HoldfastError('undelivered', `message ${result.reason}`, { outcome: result })
        return result
      }),
  }
  let resolve: ((outcome: Outcome) => void) | undefined
  let promise: Promise<Outcome> | undefined
  const settled = (): Promise<Outcome> =>
    (promise ??= delivery.outcome
      ? Promise.resolve(delivery.outcome)
      : new Promise((done) => (resolve = done)))

  return {
    delivery,
    settle(result) {
      delivery.outcome ??= result
      resolve?.(delivery.outcome)
    },
  }
}
