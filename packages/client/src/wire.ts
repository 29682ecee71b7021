import type {
  Answerer,
  Clock,
  Delivery,
  Link,
  Lost,
  Ok,
  Place,
  RequestOptions,
  SchemaContract,
  SchemaIssue,
  UndeliveredReason,
  Window,
} from '@holdfast/protocol'
import type { Cause } from './connection/cause.ts'
import type { Connection, Payload } from './connection/connection.ts'
import type { Heartbeat } from './connection/heartbeat.ts'
import type { Ports } from './connection/ports.ts'
import type { Preparation } from './attempt.ts'
import type { Router } from './router.ts'

/** How a client and its server talk: made by `plain()` or `session()`, given to `createClient` as `wire`. */
export interface Wire {
  readonly maxFrameBytes: number
  /** Binds the wire to one client. */
  attach(host: WireHost): WireEnd
}

/** What the client does for its wire. */
export interface WireHost extends Pick<Router, 'event' | 'raw'>, Pick<Preparation, 'token' | 'renew'> {
  readonly clock: Clock
  readonly contract: SchemaContract | undefined
  readonly random: Ports['random']
  readonly report: Ports['report']
  /** To confirm, to fail, and to write past the queue. */
  readonly connection: Connection
  /** Writes what waits and can be written now. */
  flush(): void
  /** Settles all that waits. */
  discard(reason: UndeliveredReason): void
  invalid(message: InvalidMessage): void
  lost(loss: Loss): void
  /** The server has taken us in. What was lost is settled, and nothing is written yet. */
  greeted?(ok: Ok): void
}

/** What the wire does for its client. */
export interface WireEnd {
  /** What the queue hands its messages to. */
  readonly link: Link<Encoded>
  /** How to watch over an open connection, if the server answers probes. */
  readonly heartbeat?: Heartbeat | undefined
  /** The largest message that the peer takes, in bytes. */
  readonly maxSendBytes?: number
  /** What is to be said of the connection that has just opened. */
  readonly resumption?: Resumption
  /** How many messages were written and are not acknowledged. */
  readonly unacknowledged?: number
  /** @throws what the encoder throws for data that it cannot carry */
  encode(name: string, data: unknown, id?: number, lane?: Place): Encoded
  /** The same for text or bytes that are no event. */
  encodeRaw(data: Payload, lane?: Place): Encoded
  /** In bytes; not a number from 0 on when it is no payload, or a text that no socket can send. */
  sizeOf(encoded: Encoded): number | undefined
  /** The socket is open: say what has to be said first, and confirm the connection, now or after an answer. */
  greet(): void
  received(data: string | Uint8Array<ArrayBuffer>): void
  /** A frame came in that is too large to be parsed. */
  tooLarge?(): void
  /** A frame came in that is neither text nor bytes. Absent when a frame may be missed without harm. */
  unreadable?(): void
  probe?(): void
  /** Sends a request by `send`, which is given the id to encode it with, and waits for the answer. */
  request?(send: (id: number) => Delivery, options: RequestOptions): Promise<unknown>
  /** Answers the requests of that name, until the returned function is called. */
  handle?(name: string, answerer: Answerer): () => void
  /** When the server wants to be dialed again, by the reason of its close. */
  closeHint?(text: string | undefined): Window | undefined
  /** The connection ended, or is about to be closed. */
  down?(cause: Cause): void
  /** Says goodbye. The answer tells whether the wire waits for the server to close. */
  close?(): boolean
  /** There is no connection, and none follows by itself. */
  closed?(isFatal: boolean): void
  /** Settles what was written and certainly not handed on. */
  discard?(reason: UndeliveredReason): void
  dispose?(): void
}

/** What a wire makes of a message. Only the wire looks into it. */
export type Encoded = Payload | object

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
 * - `too-large`: the frame is over `maxFrameBytes`; it was not parsed.
 * - `undecodable`: the decoder threw, and `error` is what it threw; or the socket brought neither text nor an
 *   `ArrayBuffer`, as one that ignores its `binaryType` brings a `Blob`.
 * - `unknown-name`: the contract has schemas, and none for this name.
 * - `schema`: the data does not fit its schema; `issues` says why, or `error` what the schema threw.
 */
export interface InvalidMessage {
  readonly reason: 'too-large' | 'undecodable' | 'unknown-name' | 'schema'
  readonly name?: string
  readonly data: unknown
  readonly error?: unknown
  readonly issues?: readonly SchemaIssue[]
}

/** An inbound message that no handler listens to. */
export interface UnhandledMessage {
  /** The name of the event; undefined for text or bytes that are not an event. */
  readonly name: string | undefined
  /** The data of the event, or the text or bytes. */
  readonly data: unknown
}
