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
