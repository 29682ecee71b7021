import type { DelayRange } from './close-codes.ts'

/**
 * A frame of the session wire, as PROTOCOL.md defines it: `[seq, ack]` is void, and without data the data is absent.
 * In a binary message the data is bytes.
 */
export type Frame = readonly [seq: number, ack: number, name?: string | null, data?: unknown, meta?: Meta]

/** The kind of a frame that is not an event. At most one of `id`, `re`, `off` and `raw` is present. */
export interface Meta {
  /** The frame is a request, to be answered with this number. */
  readonly id?: number
  /** The frame is the answer to the peer's request of this number. */
  readonly re?: number
  /** Why the request failed, in a word for programs. */
  readonly error?: string
  /** Why the request failed, for people. */
  readonly message?: string
  /** The sender no longer waits for the answer to its request of this number. */
  readonly off?: number
  /** The frame is text or bytes, not an event. */
  readonly raw?: true
  /** The data is absent, although the frame has an element for it. */
  readonly absent?: true
  /** The producer of the message, and its number: on events, and on text and bytes. */
  readonly producer?: ProducerSequence
  /** The channel of a publication, or of a request to publish or to read. Not validated by the codec. */
  readonly channel?: unknown
  /** The offset and the id of a publication. Not validated by the codec. */
  readonly at?: unknown
  /** The id of a publication that is requested. Not validated by the codec. */
  readonly pub?: unknown
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
  | readonly [name: 'channel', content: unknown]

/** The first message of the server. */
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
  readonly token?: string | undefined
  readonly session?: string
  readonly key?: string
  readonly rx?: number
  /** The client can go on with its session on another node after a drain. */
  readonly park?: true
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
  /** Present if the server remembers producers. */
  readonly producers?: ProducersOffer
  /** The server has channels. */
  readonly channels?: true
}

/** How a server remembers producers. */
export interface ProducersOffer {
  /** Changes whenever the server has forgotten all producers, as after a restart. */
  readonly epoch: string
  /** How long the server remembers each producer after its last use, in milliseconds. */
  readonly ttl: number
}

/**
 * Why a session ended without its client having ended it.
 *
 * - `expired`: it was held for its time without a connection.
 * - `overflow`: more messages waited for the client than the limits of the server allow.
 * - `closed`: the server's application ended it.
 * - `identity`: the token belongs to another identity.
 * - `protocol`: one end violated the protocol.
 * - `drained`: the server shut down as planned.
 * - `unknown`: the server does not know it, or not all of it: another process, a restart, too long ago, or a store that has
 *   lost something.
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

/** What the server knows of a session that has ended. */
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
  /** From the server: how many messages it had for the client, including unwritten ones. */
  readonly total?: number
  /** From the client: the code and the reason that its application passed, if any. */
  readonly code?: number | undefined
  readonly reason?: string | undefined
}

/** A request of the server to dial again. Times in milliseconds. */
export interface Drain {
  /** The range of the random delay before the client dials again. */
  readonly after: DelayRange
  /** How long the server waits. */
  readonly within: number
  /** The session goes on on another node, so the client closes without `bye`. */
  readonly park?: true
}
