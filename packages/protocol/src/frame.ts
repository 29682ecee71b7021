import type { DelayRange } from './close-codes.ts'

/**
 * A frame of the session wire, as PROTOCOL.md has it: `[seq, ack]` is void, without data the data is absent. In a binary
 * message the data is bytes.
 */
export type Frame = readonly [seq: number, ack: number, name?: string | null, data?: unknown, meta?: Meta]

/** What a frame is, when it is not an event. At most one of `id`, `re`, `off` and `raw`. */
export interface Meta {
  /** The frame is a request, to be answered with this number. */
  readonly id?: number
  /** The frame is the answer to the peer's request of this number. */
  readonly re?: number
  /** Why the request failed, in a word for programs. */
  readonly error?: string
  /** Why the request failed, for people. */
  readonly message?: string
  /** The answer to the request of this number is no longer waited for. */
  readonly off?: number
  /** The frame is text or bytes, and no event. */
  readonly raw?: true
  /** The data is absent, though an element stands for it. */
  readonly absent?: true
  /** The producer of the message, and its number: on events, and on text and bytes. */
  readonly producer?: ProducerSequence
}

/**
 * The id of the producer of a message, and the number of the message, from 1. A producer outlives sessions, and its
 * numbers only grow: a server deduplicates resends by the two.
 */
export type ProducerSequence = readonly [producer: string, n: number]

/** A control of the session wire. */
export type Control =
  | readonly [name: 'holdfast', banner: Banner]
  | readonly [name: 'hi', hi: Hi]
  | readonly [name: 'ok', ok: Ok]
  | readonly [name: 'a' | 'p' | 'q', rx: number]
  | readonly [name: 'renew']
  | readonly [name: 'token', token: string]
  | readonly [name: 'drain', drain: Drain]
  | readonly [name: 'bye', bye: Bye]

/** What the server says first. */
export interface Banner {
  readonly v: number
}

/** The greeting of the client. */
export interface Hi {
  readonly v: 1
  readonly client: string
  readonly n: number
  readonly window: readonly [messages: number, bytes: number]
  readonly maxPayload: number
  readonly token?: string
  readonly session?: string
  readonly key?: string
  readonly rx?: number
}

/** The answer of the server. Times in milliseconds. */
export interface Ok {
  readonly session: string
  readonly key: string
  readonly rx: number
  readonly identity: string | null
  readonly ttl: number
  readonly ping: number
  readonly window: readonly [messages: number, bytes: number]
  readonly maxPayload: number
  readonly lost?: Lost
  /** Given by a server that remembers how far it has come in producers. */
  readonly producers?: ProducersOffer
}

/** What a server remembers of producers. */
export interface ProducersOffer {
  /** Another one whenever the server has forgotten them all, as by a restart. */
  readonly epoch: string
  /** For how long it has remembered each producer since its last use, and will, in milliseconds. */
  readonly ttl: number
}

/**
 * Why a session ended without its client having asked for it.
 *
 * - `expired`: it was held for its time without a connection.
 * - `overflow`: the server had to hold more for it than its limits.
 * - `closed`: the server's application ended it.
 * - `identity`: the token belongs to somebody else.
 * - `protocol`: one end broke the rules of the wire.
 * - `drained`: the server shut down as planned.
 * - `unknown`: the server does not know it: another process, a restart, or too long ago.
 */
export type LostReason =
  | 'expired'
  | 'overflow'
  | 'closed'
  | 'identity'
  | 'protocol'
  | 'drained'
  | 'unknown'
  | (string & {})

/** What the server knows of a session that is gone. */
export interface Lost {
  readonly why: LostReason
  /** Its final receive cursor, or null if it is not known. */
  readonly rx: number | null
  /** How many messages of the server the client has missed, or null if it is not known. */
  readonly missed: number | null
}

/** The end of a session. */
export interface Bye {
  /** The final receive cursor of the sender. */
  readonly rx: number
  /** From the server: how many messages it had for the client, those that it had not written included. */
  readonly total?: number
  /** From the client: the code and the reason that its application closes with, if it said so. */
  readonly code?: number | undefined
  readonly reason?: string | undefined
}

/** The wish of the server that the client dials again. Times in milliseconds. */
export interface Drain {
  /** The window in which the client dials again at a random moment. */
  readonly after: DelayRange
  /** How long the server waits. */
  readonly within: number
}
