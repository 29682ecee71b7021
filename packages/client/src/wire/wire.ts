import { utf8Length } from '@holdfast/protocol'
import type {
  Answerer,
  Checks,
  Clock,
  InvalidData,
  Link,
  Lost,
  Ok,
  Payload,
  RequestOptions,
  Router,
  SentRequest,
  UndeliveredReason,
} from '@holdfast/protocol'
import type { Conversation, OpenSocket } from '../connection/attempt.ts'
import type { Ports } from '../platform/ports.ts'
import type { Preparation } from '../connection/preparation.ts'

/** How a client and its server talk: made by `plain()` or `session()`, given to `createClient` as `wire`. */
export interface Wire {
  readonly maxPayloadBytes: number
  /** Binds the wire to one client. */
  bind(host: WireHost): BoundWire
}

/** What the client does for its wire. */
export interface WireHost extends Pick<Router, 'event' | 'raw'>, Pick<Preparation, 'token' | 'renew'> {
  readonly clock: Clock
  /** The checks of what comes in and of what is sent, if the contract has schemas. */
  readonly incoming: Checks | undefined
  readonly outgoing: Checks | undefined
  readonly random: Ports['random']
  readonly report: Ports['report']
  invalid(message: InvalidMessage): void
  lost(loss: Loss): void
}

/** The messages that wait for a connection. */
export interface Queue {
  /** Writes what waits and can be written now. */
  flush(): void
  /** Settles all that waits. */
  discard(reason: UndeliveredReason): void
}

/** A wire, bound to one client. What it keeps from one connection to the next is here, all else in its conversations. */
export interface BoundWire {
  /** What the queue hands its messages to. */
  readonly link: Link<Encoded>
  /** The largest message that the server takes, in bytes. */
  readonly maxSendBytes: number
  /** How many messages were written and are not acknowledged. */
  readonly unacknowledged: number
  /** @throws what the encoder throws for data that it cannot carry */
  encode(name: string, data: unknown, id?: number): Encoded
  /** The same for text or bytes that are no event. */
  encodeRaw(data: Payload): Encoded
  /** In bytes; not a number from 0 on when it is no payload, or a text that no socket can send. */
  sizeOf(encoded: Encoded): number | undefined
  /** The socket is open: says what has to be said first, and confirms the connection, now or after an answer. */
  open(socket: OpenSocket, queue: Queue): Conversation
  /**
   * Sends a request by `send`, which is given the id to encode it with, and waits for the answer.
   *
   * @throws {HoldfastError} `misuse` where the wire carries none
   */
  request(name: string, send: (id: number) => SentRequest, options: RequestOptions): Promise<unknown>
  /**
   * Answers the requests of that name, until the returned function is called.
   *
   * @throws {HoldfastError} `misuse` where the wire carries none
   */
  handle(name: string, answerer: Answerer): () => void
  /** There is no connection, and none follows by itself. */
  closed(isFatal: boolean): void
  /** Settles what was written and certainly not handed on. */
  discard(reason: UndeliveredReason): void
  dispose(): void
}

/** The link of a wire that knows its server: of `session()`. */
export interface PeerLink extends Link<Encoded> {
  /** The server that messages may be written to now: a new object after each greeting, undefined between connections. */
  readonly peer: Pick<Ok, 'identity' | 'producers'> | undefined
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
export interface InvalidMessage extends Omit<InvalidData, 'reason' | 'name'> {
  readonly reason: InvalidData['reason'] | 'too-large' | 'undecodable'
  readonly name?: string
}

/** What a wire makes of a message. Only the wire looks into it. */
export type Encoded = Payload | object

/** In UTF-8; undefined for what is no payload. */
export function sizeOf(payload: Encoded | undefined): number | undefined {
  return typeof payload === 'string' ? utf8Length(payload) : (payload as Uint8Array | undefined)?.byteLength
}
