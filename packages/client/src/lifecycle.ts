import type { Lost, Outcome, SchemaIssue } from '@holdfast/protocol'
import type { Cause } from './connection/cause.ts'

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

/** How a connection continues from the one before. */
export interface Resumption {
  /** Whether the session of the last connection continues, so that no message was lost in either direction. */
  readonly resumed: boolean
  /** The number of messages that were written again because the server had not acknowledged them. */
  readonly replayed: number
}

/** What is known of a session that has ended without `disconnect()`. */
export interface Loss {
  readonly why: Lost['why']
  /** The number of messages of the server that were missed, or undefined if it is not known. */
  readonly missed: number | undefined
  /**
   * The number of written messages that were certainly not delivered. They move to the new session if it has the same
   * identity.
   */
  readonly undelivered: number
  /** The number of written messages whose outcome cannot be determined. */
  readonly unknown: number
}

/**
 * An inbound message that cannot be delivered to handlers. The connection stays open.
 *
 * - `too-large`: the frame exceeds `maxPayloadBytes`; it was not parsed.
 * - `undecodable`: the decoder threw `error`; or the socket delivered neither text nor an `ArrayBuffer`, such as a
 *   `Blob` from a socket that ignores its `binaryType`.
 * - `unknown-name`: the contract has schemas, and none for this name.
 * - `schema`: the data does not fit its schema; `issues` lists why, or `error` is what the schema threw.
 */
export interface InvalidMessage {
  readonly reason: 'too-large' | 'undecodable' | 'unknown-name' | 'schema'
  readonly name?: string
  readonly data: unknown
  readonly error?: unknown
  readonly issues?: readonly SchemaIssue[]
}

/** An inbound message without a listener. */
export interface UnhandledMessage {
  /** The name of the event; undefined for text or bytes that are not an event. */
  readonly name: string | undefined
  /** The data of the event, or the text or bytes. */
  readonly data: unknown
}
