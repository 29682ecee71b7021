/** How large the world is that is searched. */
export interface World {
  /** How many messages the client sends, and how many the server. */
  readonly messages: readonly [toServer: number, toClient: number]
  /** How many sockets the client opens in all. */
  readonly sockets: number
  /** How many messages may be unacknowledged. */
  readonly window: number
  readonly servers: 1 | 2
  /** Whether it begins before the first greeting, and not with a session that is live. */
  readonly isFresh?: boolean
  /** Sessions without a connection expire, and leave a tombstone. */
  readonly expiry?: boolean
  /** Nothing is acknowledged but what was asked for, and every sender asks after it has written. */
  readonly asks?: boolean
  /** Tombstones are forgotten. */
  readonly amnesia?: boolean
  /** Acks are not sent when they are due, but at any time later. */
  readonly lateAcks?: boolean
  /** The servers are nodes of one: they share a store of sessions, and any of them resumes a session of another one. */
  readonly isShared?: boolean
  /** The client can go on with its session on another node after a drain. */
  readonly canPark?: boolean
  /** How often each of these may happen. */
  readonly chances?: Partial<Chances>
}

/** What may happen so and so often. */
export interface Chances {
  /** A server loses all it knows. */
  crashes: number
  /** A server asks its clients to go. */
  drains: number
  /** A node drains, and parks the sessions of clients that can go on elsewhere. */
  parks: number
  /** The client leaves with `bye`. */
  byes: number
  /** The next token is of another user. */
  logins: number
  /** Another client that holds the key resumes the session. */
  thefts: number
  /** The application of the server ends the session, or it overflows. */
  closes: number
  /** The client withdraws a message after a resume. */
  withdrawals: number
  /** Something in between loses a frame without closing the connection. */
  leaks: number
}

/** The rules that can be broken, each by what is done instead. */
export type Breach =
  /** A message that was written is taken back at any time. */
  | 'withdraw-numbered'
  /** A withdrawn message leaves no void frame. */
  | 'leave-a-hole'
  /** A number that was taken before is taken again, from a client that replays by its own cursor. */
  | 'take-old'
  /** A number that is too high is taken. */
  | 'take-gap'
  /** The ack covers what was received, not only what was delivered. */
  | 'ack-on-arrival'
  /** What is left of a pack is delivered after its connection has ended. */
  | 'keep-the-pack'
  /** `ok` does not say how far the server got, and the client begins to count anew. */
  | 'renumber-on-resume'
  /** A session whose cursors are 0 cannot be resumed. */
  | 'no-resume-from-zero'
  /** A late `hi` is taken for a new one. */
  | 'no-counter'
  /** A late `hi` is found out only if it is of the same user. */
  | 'identity-before-counter'
  /** The old connection is still read after a resume. */
  | 'no-fence'
  /** The key changes with every `ok`. */
  | 'rotate-keys'
  /** A late `hi` closes the connection of the same client, and with 4409. */
  | 'supersede-oneself'
  /** The application hears of a session before the client has confirmed it. */
  | 'tell-provisional'
  /** Anybody with a valid token resumes a session, whoever it belongs to. */
  | 'resume-for-anybody'
  /** Messages go into the next session although it is for another user. */
  | 'carry-to-anybody'
  /** A message that has been delivered is not acknowledged. */
  | 'no-acks'
  /** A ping is answered, and what waits to be delivered when it comes is not acknowledged later. */
  | 'forget-the-question'
  /** A pong carries no ack. */
  | 'pong-without-ack'
  /** A pong acknowledges what was received, not only what was delivered. */
  | 'pong-on-arrival'
  /** The window does not bound anything. */
  | 'no-window'
  /** When the window is full, the oldest unacknowledged message gives way. */
  | 'evict-the-oldest'
  /** The final cursor of a session is told while its connection is still read. */
  | 'cursor-before-fence'
  /** Messages of unknown fate are sent again in the next session. */
  | 'resend-unknown'
  /** Without a final cursor, what is not acknowledged counts as undelivered. */
  | 'guess-undelivered'
  /** What is certainly undelivered is forgotten. */
  | 'forget-undelivered'
  /** Messages are taken after the sender's own `bye`. */
  | 'take-after-bye'
  /** The cursor in `bye` is that of the last message that was acknowledged. */
  | 'bye-without-cursor'
  /** A client ends the session that is to be parked. */
  | 'bye-when-parking'
  /** A client that is asked to leave closes before its messages are acknowledged. */
  | 'close-before-acks'
  /** It closes before it has acknowledged what it has delivered. */
  | 'close-without-ack'
  /** A node parks a copy of the session, and goes on with it. */
  | 'park-a-copy'
  /** A node parks the session without its messages. */
  | 'park-without-messages'
  /** A node that does not have the session answers at once that it is lost. */
  | 'ask-nobody'
