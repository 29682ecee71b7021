import type { Body, Bye, DelayRange, Endpoint, Hi, Line, Listener } from '@holdfast/protocol'
import type { Listeners, Lost, LostReason, SendOptions, Sent, Session, Sized } from '@holdfast/protocol'
import type { Unsubscribe } from '@holdfast/protocol'
import type { Authentication } from './authenticate.ts'
import type { BroadcastLog, MissedBroadcasts } from './broadcast-log.ts'
import type { Connection } from './connection.ts'
import type { Dials } from './dials.ts'
import type { Encoded } from './encoded.ts'
import type { LimitName } from './limits.ts'
import type { SessionSnapshot } from './moves/snapshot.ts'
import type { Peer } from './peer.ts'
import type { Owner } from './shares.ts'
import type { TokenBucket } from './token-bucket.ts'
import type { Tombstone } from './tombstones.ts'

/** A session, and everything that the hub holds for it. Rarely needed members are created on demand. */
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
  /** The largest message that the client accepts, in bytes. */
  readonly maxPayload: number
  /** Limits the rate at which messages of the client are delivered to the handlers. */
  readonly messageTokens: TokenBucket
  /** Its events and requests: made when it is first asked for. */
  readonly endpoint: Endpoint

  // Connections

  /** Begins the session on its first connection. `lost` describes the session before, if any. */
  begin(connection: Connection, hi: Hi, authentication: Authentication, lost: Lost | undefined): void
  /** Moves the session to that connection, and replays what the client has missed. */
  resume(connection: Connection, hi: Hi, authentication: Authentication): void
  /** The client has shown that it knows of the session. */
  confirm(): void
  /** The connection has ended. */
  disconnected(code: number, reason: string): void
  /** Closes the connection, and announces that as a refusal. The session goes on. */
  refuse(code: number, why: string, details?: RefusalDetails): void
  /** The client violated the protocol. With 4400 it loses the session, with any other code only its connection. */
  violated(code: number, why: string): void
  /** The number of connections in a row that fell silent before they received a message, a ping or a pong. */
  readonly silences: number
  /** The connection is silent for too long. */
  fellSilent(): void
  /** A message, a ping or a pong arrived on the connection. */
  showedLife(): void
  /** Asks the client for a fresh token. */
  renew(): void

  // Messages to the client

  readonly messages: WaitingMessages
  /** The largest message that can be sent, in bytes. */
  readonly maxMessageBytes: number
  /** Sends a message of the application, now or on the next connection. */
  push(encoded: Encoded, how: SendOptions): Sent
  /** Sends what is not of the application. `answers` is the id of the request that it answers, if any. */
  reply(message: Sized, answers?: number): void
  /** Gives back the memory that only a session at work needs. Called now and then. */
  rest(): void

  // Moves

  /** Whether another hub goes on with the session, now or soon: what the application sends is for that one. */
  readonly isMoving: boolean
  /** Whether another hub goes on with the session now. */
  readonly hasDeparted: boolean
  /** Whether the client can go on with the session after a drain. */
  readonly canPark: boolean
  /** Asks the client to settle what is under way, and to dial again after a delay out of that range. Then the session departs. */
  askToPark(after: DelayRange, within: number): void
  /** Goes on with the session of another hub. */
  arrive(snapshot: SessionSnapshot): void
  /** Gives the session up for another hub, and closes its connection. */
  depart(code: number, reason?: string): void

  // The end

  /** The listeners of the end, of the application. */
  readonly endListeners: Listeners | undefined
  /**
   * Ends the session, and closes its connection if it has one. With the client's final cursor no message is unknown.
   */
  end(why: LostReason, code: number, details?: EndDetails): void
  /** More messages wait for the client than this limit allows. */
  overflow(limit: LimitName): void
  /** The client did not return to the session. Calling the result notifies the application. */
  expire(): () => void
  /**
   * Sends `bye`, and closes the connection when the client has answered with its final cursor, or soon after. Without
   * a connection the session ends at once.
   */
  close(why: LostReason, code: number, reason?: string): void
  /** The client sent `bye`, and accepts no message after that number. */
  leave(bye: Bye): void
  /** The record that remains of the session if it ends now. */
  remains(why: LostReason): Tombstone
  /** Calls the listener once, when the session has ended; at the next turn if it already has. */
  onEnd(listener: Listener): Unsubscribe
}

/** The messages that wait for the client of a session. */
export interface WaitingMessages {
  /** The number and the bytes of messages that wait to be written or acknowledged. */
  readonly count: number
  readonly bytes: number
  /** The number of unwritten messages. */
  readonly queued: number
  /** Broadcasts that the session still has to read from the log, which count in the numbers above. */
  readonly missed: MissedBroadcasts | undefined
  /**
   * Leaves the next broadcast of the log to be read later, if the session is away or has not caught up. Returns whether the
   * session needs no more than that.
   */
  miss(log: BroadcastLog, encoded: Encoded): boolean
  /** Writes all messages that can be written, without slices: the session is about to end. */
  flushAll(): void
  /** The client has acknowledged a new message. */
  progressed(): void
}

export interface RefusalDetails {
  /** The reason of the close; `why` if it is not given. */
  readonly reason?: string
  /** The exception of the application. */
  readonly error?: unknown
}

export interface EndDetails {
  /** The final cursor of the client, if known. */
  readonly finalCursor?: number | undefined
  /** The reason of the close; `why` if it is not given. */
  readonly reason?: string
}
