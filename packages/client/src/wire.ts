import type {
  Answerer,
  Clock,
  DelayRange,
  Link,
  RequestOptions,
  SchemaContract,
  SentRequest,
  UndeliveredReason,
} from '@holdfast/protocol'
import type { Cause } from './connection/cause.ts'
import type { Connection, Payload } from './connection/connection.ts'
import type { Heartbeat } from './connection/heartbeat.ts'
import type { Ports } from './connection/ports.ts'
import type { Preparation } from './attempt.ts'
import type { InvalidMessage, Loss, Resumption } from './lifecycle.ts'
import type { Router } from './router.ts'

/** How a client and its server talk: made by `plain()` or `session()`, given to `createClient` as `wire`. */
export interface Wire {
  readonly maxPayloadBytes: number
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
  encode(name: string, data: unknown, id?: number): Encoded
  /** The same for text or bytes that are no event. */
  encodeRaw(data: Payload): Encoded
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
  request?(send: (id: number) => SentRequest, options: RequestOptions): Promise<unknown>
  /** Answers the requests of that name, until the returned function is called. */
  handle?(name: string, answerer: Answerer): () => void
  /** When the server wants to be dialed again, by the reason of its close. */
  closeHint?(text: string | undefined): DelayRange | undefined
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
