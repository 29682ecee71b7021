import type { Answers, Body, Line, Outbox, Requests, Session } from '@holdfast/protocol'
import type { Connection } from './connection.ts'
import type { Dials } from './dials.ts'
import type { Listeners } from './listeners.ts'
import type { Peer, PeerEnd } from './peer.ts'
import type { TokenBucket } from './token-bucket.ts'

/** A session, and all that the hub holds for it. What only some sessions need is made when they do. */
export interface SessionRecord {
  readonly id: string
  readonly key: string
  readonly identity: string | null
  /** What it counts as in the limits per address. */
  readonly address: string
  readonly session: Session<Body>
  readonly peer: Peer
  /** `provisional` until the client has shown that it knows of the session; `ended` once its receive cursor is final. */
  stage: 'provisional' | 'confirmed' | 'ended'
  connection: Connection | undefined
  /** The session on its connection. */
  line: Line | undefined
  /** The largest message in bytes that the client takes. */
  maxPayload: number
  readonly dials: Dials
  outbox: SessionOutbox | undefined
  requests: Requests | undefined
  answers: Answers | undefined
  /** How many messages of the client may be handed on. */
  messageTokens: TokenBucket | undefined
  /** How much may be replayed to it. */
  replayTokens: TokenBucket | undefined
  /** Messages that wait to be written or acknowledged, and their bytes. */
  messages: number
  bytes: number
  /** The window of the client was full when something was to be written. */
  isBlocked: boolean
  /** The client closed the last connection as if a message of ours had been at fault. */
  isSuspect: boolean
  /** The number of the message that was the oldest one when that last happened. */
  suspect: number
  /** How many connections in a row fell silent before they brought a message or a ping. */
  silences: number
  /** Stops to look after the expiry of the token. */
  stopRenewal: (() => void) | undefined
  /** Who wants to hear of its end. */
  endListeners: Listeners | undefined
  end: PeerEnd | undefined
}

/** A message that waits for many sessions, and whose content is in memory once. */
export interface SharedMessage {
  /** How many they are. */
  holders: number
}

/** The outbox of a session. A message that others wait for as well is known by what they share. */
export type SessionOutbox = Outbox<Body, SharedMessage | undefined>
