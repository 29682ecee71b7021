/**
 * Why a message certainly did not reach the peer's handlers.
 *
 * - `expired`: its `ttl` passed first.
 * - `overflow`: the queue was full.
 * - `cancelled`: by `cancel()` or the message's signal.
 * - `replaced`: a newer message with the same `key` replaced it.
 * - `volatile`: it could not be sent at once.
 * - `too-large`: it exceeds the limit for a message, or for the whole queue.
 * - `rejected`: the socket or the peer refused it, twice.
 * - `session-lost`: the session ended before the peer delivered it, or before it was written and the next session has
 *   another identity.
 * - `moved`: another hub has the session, so the answer to a request would not come here.
 * - `closed`: the client stopped reconnecting, or `disconnect({ queue: 'discard' })` was called.
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
  | 'moved'
  | 'closed'
  | 'disposed'

/**
 * Why the outcome of a message cannot be determined here: its session ended without the final cursor of the peer
 * (`session-lost`), or ended at this end before the final cursor arrived (`closed`, `disposed`), or another hub goes on with
 * the session, and sends the message if it is necessary (`moved`).
 */
export type UnknownReason = 'session-lost' | 'closed' | 'disposed' | 'moved'

/**
 * The outcome of a message.
 *
 * - `delivered`: the peer acknowledged that its handlers received the message. Only the answer to a request shows
 *   whether they succeeded.
 * - `sent`: an open socket accepted the message. On the plain wire, and for volatile messages, no more is known.
 * - `undelivered`: the message certainly did not reach the peer's handlers.
 * - `unknown`: the message was written to a session that ended, or moved to another hub, before the peer acknowledged it.
 */
export type Outcome =
  | { readonly status: 'delivered' }
  | { readonly status: 'sent' }
  | { readonly status: 'undelivered'; readonly reason: UndeliveredReason }
  | { readonly status: 'unknown'; readonly reason: UnknownReason }
