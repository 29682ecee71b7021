import type { Outcome, UnhandledMessage } from '@holdfast/protocol'
import type { Cause } from './connection/cause.ts'
import type { Resumption } from './connection/states.ts'
import type { InvalidMessage, Loss } from './wire/wire.ts'

/** The state of a connection. */
export interface ClientState {
  /**
   * `idle` before the first `connect()`; `connecting`; `open`; `waiting` for the next attempt; `closing` after
   * `disconnect()`; `closed` until the next `connect()`.
   */
  readonly status: 'idle' | 'connecting' | 'open' | 'waiting' | 'closing' | 'closed'
  /**
   * The number of attempts since the connection was last stable, including the current one. While `waiting`, the next
   * attempt is not counted yet.
   */
  readonly attempt: number
  /** When the next attempt starts, in milliseconds since the Unix epoch; undefined unless `waiting`. */
  readonly retryAt: number | undefined
  /**
   * Why the last connection ended or the last attempt failed; undefined while open, and before the first `connect()`.
   */
  readonly cause: Cause | undefined
  /** The subprotocol that the server chose; undefined if it chose none, and unless `open`. */
  readonly protocol: string | undefined
}

/** The kinds of `watch`, and the arguments of their listeners. */
export interface Lifecycle {
  /**
   * The connection is open.
   *
   * The client has already written as many queued messages as the connection accepted. The frame that accepted a
   * greeting is delivered to its handlers after this. On the session wire, `resumed` is whether the session
   * continues.
   */
  readonly open: ClientState & Resumption
  /**
   * A connection that was open has ended; the client opens a new one unless `closed` follows. Attempts that failed
   * before they were open change only `state`.
   */
  readonly down: Cause
  /**
   * There is no connection, and the client will not dial automatically: after a fatal cause, `maxAttempts`,
   * `disconnect()` or `dispose()`.
   *
   * Every client that is disposed reports this once with the reason `dispose`, even if it was `closed` before.
   */
  readonly closed: Cause
  /**
   * The session has ended without `disconnect()`. Session wire only.
   *
   * Reported before the `open` of the next session, if one follows. Written messages have their outcome, or move to
   * the next session; messages that the server sent in the meantime may have been missed.
   */
  readonly lost: Loss
  /** A message arrived that cannot be delivered to handlers: too large, undecodable, or not as the contract says. */
  readonly invalid: InvalidMessage
  /**
   * An event arrived that has no listener, by its name or with `onAny`, or text or bytes arrived without an `onRaw`
   * listener.
   *
   * The name of the event may be misspelled at one end. For the peer the message is `delivered`.
   */
  readonly unhandled: UnhandledMessage
  /** A message got its outcome. `name` is undefined for raw messages. */
  readonly settled: { readonly name: string | undefined; readonly outcome: Outcome }
}
