import type { InvalidData, Lost, Outcome, UnhandledMessage } from '@holdfast/protocol'
import type { Cause } from './connection/cause.ts'

/** Where a connection stands. */
export interface ClientState {
  /**
   * `idle` before the first `connect()`; `connecting`; `open`; `waiting` for the next attempt; `closing` after
   * `disconnect()`; `closed` until the next `connect()`.
   */
  readonly status: 'idle' | 'connecting' | 'open' | 'waiting' | 'closing' | 'closed'
  /**
   * How many attempts were made since the connection was last stable, the current one included. While `waiting`, the
   * next one is not counted yet.
   */
  readonly attempt: number
  /** When the next attempt starts, in milliseconds since the Unix epoch; undefined unless `waiting`. */
  readonly retryAt: number | undefined
  /** Why the last connection ended or the last attempt failed; undefined when open, and before the first `connect()`. */
  readonly cause: Cause | undefined
  /** The subprotocol that the server chose; undefined when it chose none, and unless `open`. */
  readonly protocol: string | undefined
}

/** What `watch` can watch, and what its listeners get. */
export interface Lifecycle {
  /**
   * The connection is open. Messages that waited have been handed to it, as many as it took. The frame that accepted a
   * greeting reaches its handlers after this. On the session wire, `resumed` tells whether the session goes on.
   */
  readonly open: ClientState & Resumption
  /**
   * A connection that was open has ended; a new one follows unless the next thing is `closed`. Attempts that failed
   * before they were open show in `state` only.
   */
  readonly down: Cause
  /**
   * No connection, and none follows by itself: a fatal cause, `maxAttempts`, `disconnect()` or `dispose()`. Every client
   * that is disposed hears this once with the reason `dispose`, also when it was `closed` before.
   */
  readonly closed: Cause
  /**
   * The session has ended without having been asked to. Heard before the `open` of the next one, if one follows. What was
   * written has its outcome, or goes into the next session; what the server sent in the meantime may have been missed.
   * The session wire only.
   */
  readonly lost: Loss
  /** A message came in that no handler can be given: too large, undecodable, or not what the contract says. */
  readonly invalid: InvalidMessage
  /**
   * An event came in that nobody listens to, by its name or with `onAny`, or text or bytes came in and nobody listens with
   * `onRaw`. The name of the event may be misspelt, at one of the ends. For the other end the message is `delivered`.
   */
  readonly unhandled: UnhandledMessage
  /** A message that was sent with a name, or raw without one, got its outcome. */
  readonly settled: { readonly name: string | undefined; readonly outcome: Outcome }
}

/** How a connection goes on from the one before. */
export interface Resumption {
  /** Whether the session of the last connection goes on, so that nothing was lost in either direction. */
  readonly resumed: boolean
  /** How many messages were written again because the server had not acknowledged them. */
  readonly replayed: number
}

/** What is known of a session that has ended without having been asked to. */
export interface Loss {
  readonly why: Lost['why']
  /** How many messages of the server were missed, or undefined if nobody knows. */
  readonly missed: number | undefined
  /** How many written messages were certainly not handed on, and go into the new session if that is for the same user. */
  readonly undelivered: number
  /** How many written messages nobody can tell the fate of. */
  readonly unknown: number
}

/**
 * An inbound message that cannot be handed to a handler. The connection stays up.
 *
 * - `too-large`: the frame is over `maxPayloadBytes`; it was not parsed.
 * - `undecodable`: the decoder threw, and `error` is what it threw; or the socket brought neither text nor an
 *   `ArrayBuffer`, as one that ignores its `binaryType` brings a `Blob`.
 * - `unknown-name`: the contract has schemas, and none for this name.
 * - `schema`: the data does not fit its schema; `issues` says why, or `error` what the schema threw.
 */
export interface InvalidMessage extends Omit<InvalidData, 'reason' | 'name'> {
  readonly reason: InvalidData['reason'] | 'too-large' | 'undecodable'
  readonly name?: string
}
