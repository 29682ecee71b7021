import type { Body, Bye, Endpoint, Hi, Line, Listener, Listeners, Lost } from '@holdfast/protocol'
import type { LostReason, SendOptions, Sent, Session, Unsubscribe } from '@holdfast/protocol'
import type { Authentication } from './authenticate.ts'
import type { Connection } from './connection.ts'
import type { Dials } from './dials.ts'
import type { Encoded } from './encoded.ts'
import type { Peer } from './peer.ts'
import type { Owner } from './shares.ts'
import type { TokenBucket } from './token-bucket.ts'
import type { Tombstone } from './tombstones.ts'

/** A session, and all that the hub holds for it. Its methods are the only ones that change it. */
export interface SessionRecord extends Owner {
  readonly id: string
  readonly key: string
  readonly session: Session<Body>
  readonly peer: Peer
  readonly dials: Dials
  /** `provisional` until the client has shown that it knows of the session; `ended` once its receive cursor is final. */
  readonly stage: 'provisional' | 'confirmed' | 'ended'
  readonly connection: Connection | undefined
  /** The session on its connection. */
  readonly line: Line | undefined
  /** The largest message in bytes that the client takes. */
  readonly maxPayload: number
  /** Limits the rate at which messages of the client are delivered to the handlers. */
  readonly messageTokens: TokenBucket
  /** Its events and requests: made when it is first asked for. */
  readonly endpoint: Endpoint

  // Connections

  /** Begins the session on its first connection. `lost` says what became of the one before. */
  begin(connection: Connection, hi: Hi, authentication: Authentication, lost: Lost | undefined): void
  /** Moves the session to that connection, and replays what the client has missed. */
  resume(connection: Connection, hi: Hi, authentication: Authentication): void
  /** The client has shown that it knows of the session. */
  confirm(): void
  /** The connection has ended by itself. */
  disconnected(code: number, reason: string): void
  /** Closes the connection, and announces that as a refusal. The session goes on. */
  refuse(code: number, why: string, details?: RefusalDetails): void
  /** The client broke the rules. With 4400 it loses the session, with any other code only its connection. */
  violated(code: number, why: string): void
  /** How many connections in a row fell silent before they brought a message, a ping or a pong. */
  readonly silences: number
  /** The connection is silent for too long. */
  fellSilent(): void
  /** The connection has brought a message, a ping or a pong. */
  showedLife(): void
  /** Asks the client for a fresh token. */
  renew(): void

  // Messages to the client

  /** How many messages wait to be written or acknowledged, and how many bytes they have. */
  readonly messages: number
  readonly bytes: number
  /** How many messages were never written. */
  readonly queued: number
  /** The largest message that can be sent, in bytes. */
  readonly maxMessageBytes: number
  /** Sends a message, now or on the next connection. */
  push(encoded: Encoded, how: SendOptions): Sent
  /** Writes what can be written, in slices. */
  flush(): void
  /** Writes what can be written, however long that takes: the session is about to end. */
  flushAll(): void
  /** The client has acknowledged something new. */
  progressed(): void
  /** Gives back the memory that only a session at work needs. Called now and then. */
  rest(): void

  // The end

  /** Whom the application wants to hear of the end. */
  readonly endListeners: Listeners | undefined
  /** Ends the session, and closes its connection if it has one. With the client's final cursor nothing is unknown. */
  end(why: LostReason, code: number, details?: EndDetails): void
  /** More waits for the client than the limits allow. */
  overflow(): void
  /** Nobody has come back for the session. The application hears of it when the result is called. */
  expire(): () => void
  /**
   * Says goodbye, and closes the connection when the client has answered with its final cursor, or soon after. Without a
   * connection the session ends at once.
   */
  close(why: LostReason, code: number, reason?: string): void
  /** The client says goodbye, and takes no message after that number. */
  leave(bye: Bye): void
  /** What is left of the session if it ends now. */
  remains(why: LostReason): Tombstone
  /** Calls the listener once, when the session has ended; at the next turn if it already has. */
  onEnd(listener: Listener): Unsubscribe
}

export interface RefusalDetails {
  /** The reason of the close; `why` if it is not given. */
  readonly reason?: string
  /** What the application threw. */
  readonly error?: unknown
}

export interface EndDetails {
  /** How far the client got, if that can no longer change. */
  readonly finalCursor?: number | undefined
  /** The reason of the close; `why` if it is not given. */
  readonly reason?: string
}
