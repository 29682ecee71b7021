import { utf8Length } from '@holdfast/protocol'
import type {
  Checks,
  Answerer,
  Clock,
  Delivery,
  Link,
  Payload,
  RequestOptions,
  Router,
  UndeliveredReason,
} from '@holdfast/protocol'
import type { Conversation, OpenSocket } from './connection/attempt.ts'
import type { Ports } from './connection/ports.ts'
import type { Preparation } from './connection/preparation.ts'
import type { InvalidMessage, Loss } from './lifecycle.ts'

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
  request(name: string, send: (id: number) => Delivery, options: RequestOptions): Promise<unknown>
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

/** What a wire makes of a message. Only the wire looks into it. */
export type Encoded = Payload | object

/** In UTF-8; undefined for what is no payload. */
export function sizeOf(payload: Encoded | undefined): number | undefined {
  return typeof payload === 'string' ? utf8Length(payload) : (payload as Uint8Array | undefined)?.byteLength
}
