import { utf8Length } from '@holdfast/protocol'
import type {
  Answerer,
  Checks,
  Clock,
  Frame,
  InvalidData,
  Link,
  Lost,
  Ok,
  Outgoing,
  Payload,
  RequestOptions,
  Router,
  SentRequest,
  UndeliveredReason,
} from '@holdfast/protocol'
import type { Conversation, OpenSocket } from '../connection/attempt.ts'
import type { Ports } from '../platform/ports.ts'
import type { Preparation } from '../connection/preparation.ts'

/**
 * How a client and its server communicate: created by `plain()` or `session()`, passed to `createClient` as `wire`.
 */
export interface Wire {
  readonly maxPayloadBytes: number
  /** Only for clients. */
  readonly bind: object
}

/** A wire as a client sees it. */
export interface BindableWire extends Wire {
  /** Binds the wire to one client. */
  bind(host: WireHost): BoundWire
}

/** The functions of the client for its wire. */
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
  /** Writes the queued messages that can be written now. */
  flush(): void
  /** Settles all queued messages. */
  discard(reason: UndeliveredReason): void
}

/** A wire, bound to one client. What it keeps from one connection to the next is here, all else in its conversations. */
export interface BoundWire {
  /** The link to which the queue writes its messages. */
  readonly link: Link<Encoded>
  /** The largest message that the server takes, in bytes. */
  readonly maxSendBytes: number
  /** The number of written and unacknowledged messages. */
  readonly unacknowledged: number
  /**
   * Returns the written messages without an outcome, in order; undefined for a withdrawn one. Absent on a wire without
   * acknowledgements.
   */
  readonly written?: () => readonly (Outgoing<unknown> | undefined)[]
  /** @throws the exception of the encoder for data that it cannot represent */
  encode(name: string, data: unknown, id?: number): Encoded
  /** The same for text or bytes that are not an event. */
  encodeRaw(data: Payload): Encoded
  /** In bytes; not a number of 0 or more for an invalid payload, or text that no socket can send. */
  sizeOf(encoded: Encoded): number | undefined
  /** The socket is open: says what has to be said first, and confirms the connection, now or after an answer. */
  open(socket: OpenSocket, queue: Queue): Conversation
  /**
   * Sends a request with `send`, which receives the id to encode, and waits for the answer. Without a name, the
   * contract does not check the answer.
   */
  request(
    name: string | undefined,
    send: (id: number) => SentRequest,
    options: RequestOptions,
  ): Promise<unknown>
  /**
   * Answers the requests of that name, until the returned function is called.
   *
   * @throws {HoldfastError} `misuse` where the wire carries none
   */
  handle(name: string, answerer: Answerer): () => void
  /** There is no connection, and the client will not dial automatically. */
  closed(isFatal: boolean): void
  /** Settles written and certainly undelivered messages. */
  discard(reason: UndeliveredReason): void
  dispose(): void
  /** Absent on a wire without channels. */
  readonly channels?: ChannelWire
}

/** What a wire with channels does for them. */
export interface ChannelWire {
  readonly host: WireHost
  readonly link: PeerLink
  /** The channels of the client, once it has used one. */
  receiver: ChannelReceiver | undefined
  /** Sends a control, while {@link PeerLink.peer} has channels. */
  send(content: object): void
  violate(code: number, why: string): void
}

/** The channels of a client, as its wire sees them. */
export interface ChannelReceiver {
  /** Takes a frame, if it is a publication. */
  take(frame: Frame): boolean
  /** Takes the unchecked content of a control. */
  control(content: unknown): void
  /** Publications may have been dropped, because too much waits to be delivered. */
  dropped(): void
}

/** The link of a wire that knows its server: of `session()`. */
export interface PeerLink extends Link<Encoded> {
  /**
   * The server to which messages may be written now: a new object after each greeting, undefined between connections.
   */
  readonly peer: Pick<Ok, 'identity' | 'producers' | 'channels'> | undefined
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
  /** The channel of a publication. */
  readonly channel?: string
}

/** An encoded message. Only the wire knows its content. */
export type Encoded = Payload | object

/** In UTF-8; undefined for an invalid payload. */
export function sizeOf(payload: Encoded | undefined): number | undefined {
  return typeof payload === 'string' ? utf8Length(payload) : (payload as Uint8Array | undefined)?.byteLength
}
