import type { RequestOptions } from './client.ts'
import type { Connection, Payload } from './connection/connection.ts'
import type { Heartbeat } from './connection/heartbeat.ts'
import type { Clock } from './connection/ports.ts'
import type { Delivery } from './delivery.ts'
import type { Router } from './router.ts'
import type { SchemaIssue } from './schema.ts'

/** How a client and its server talk: made by a function such as `plain()`, given to `createClient` as `wire`. */
export interface Wire {
  readonly maxFrameBytes: number
  /** How to watch over an open connection, if the server answers probes. */
  readonly heartbeat?: Heartbeat | undefined
  /** Binds the wire to one client. */
  attach(host: WireHost): WireEnd
}

/** What the client does for its wire. */
export interface WireHost extends Pick<Router, 'event' | 'raw'> {
  readonly clock: Clock
  /** To confirm, to fail, and to write past the queue. */
  readonly connection: Connection
  /** The token of the current attempt, if the client has a `token` function. */
  token(): string | undefined
  invalid(message: InvalidMessage): void
}

/** What the wire does for its client. */
export interface WireEnd {
  /** @throws what the encoder throws for data that it cannot carry */
  encode(name: string, data: unknown, id?: string): Payload
  /** The socket is open: say what has to be said first, and confirm the connection, now or after an answer. */
  greet(): void
  received(data: string | Uint8Array): void
  probe?(): void
  /** Sends a request by `send`, which is given the id to encode it with, and waits for the answer. */
  request?(send: (id: string) => Delivery, options: RequestOptions): Promise<unknown>
  /** The connection ended: what was asked on it will not be answered. */
  down?(): void
  dispose?(): void
}

/**
 * An inbound message that was not handed to a handler. The connection stays up.
 *
 * - `too-large`: the frame is over `maxFrameBytes`; it was not parsed.
 * - `undecodable`: the decoder threw; `error` is what it threw.
 * - `unexpected`: text that is not an event, or bytes, and no `onRaw` handler to take them.
 * - `unknown-name`: the contract has schemas, and none for this name.
 * - `schema`: the data does not fit its schema; `issues` says why, or `error` what the schema threw.
 */
export interface InvalidMessage {
  readonly reason: 'too-large' | 'undecodable' | 'unexpected' | 'unknown-name' | 'schema'
  readonly name?: string
  readonly data: unknown
  readonly error?: unknown
  readonly issues?: readonly SchemaIssue[]
}
