import type { ChannelEvent } from './channel-history.ts'

/**
 * What the applications at both ends saw, one event after the other: all that an auditor knows. It is plain data, so
 * that a process that is killed leaves its part behind in a file.
 *
 * - `by` names an application: one client (`c0`, `c1` …: made once, disposed of once), or one life of a server (`s0`,
 *   `s1` …: from its start to its end or its crash).
 * - `at` is a moment in milliseconds of one clock for all: the virtual one, or the steady clock of the machine.
 * - `id` is the number of a message, unique in a history; it travels inside the payload.
 * - `peer` is the session as a server knows it, by the id of its peer.
 */
export type HistoryEvent = { readonly at: number; readonly by: string } & (
  | Sent
  | Cancelled
  | Settled
  | Got
  | Answered
  | ClientOpen
  | ClientDown
  | ClientLost
  | ClientClosed
  | ClientDid
  | PeerJoined
  | PeerLeft
  | Draining
  | Killed
  | ChannelEvent
)

/** An application gave a message to its client or its peer. The call returned. */
export interface Sent {
  readonly type: 'sent'
  readonly id: number
  readonly kind: 'event' | 'raw' | 'binary' | 'request'
  /** Which session a server sent it to. */
  readonly peer?: string
  /**
   * On which of the stays of the session on that server, counted from 0.
   *
   * @default the last one
   */
  readonly stay?: number
  readonly volatile?: boolean
  /** A request that no handler takes, such as to publish: it is acknowledged, answered, and never passed to a handler. */
  readonly unhandled?: boolean
  readonly key?: string
  readonly ttl?: number
}

/** The application took a message back, by `cancel()` or its signal. Noted before it did; whether in time, the outcome tells. */
export interface Cancelled {
  readonly type: 'cancelled'
  readonly id: number
}

/** The outcome of a message that was sent: of its delivery, or, for a request, what its error says of it. */
export interface Settled {
  readonly type: 'settled'
  readonly id: number
  readonly status: 'delivered' | 'sent' | 'undelivered' | 'unknown'
  readonly reason?: string
}

/** A handler was called with a message; for a request, the one that is to answer it. */
export interface Got {
  readonly type: 'got'
  readonly id: number
  readonly kind: Sent['kind']
  /** At a server: whose message it is. */
  readonly peer?: string
  /** At a server: the identity of that peer, as `authenticate` said. */
  readonly identity?: string | null
}

/** A request that was sent has come to an end: with the right answer, with a wrong one, or with an error. */
export interface Answered {
  readonly type: 'answered'
  readonly id: number
  readonly how: 'right' | 'wrong' | 'error'
  /** The code of the error, and for `remote` its reason. */
  readonly code?: string
  readonly reason?: string
}

/** `watch('open')` of a client. */
export interface ClientOpen {
  readonly type: 'open'
  readonly resumed: boolean
  readonly replayed: number
  /** For whom the client has asked for its last token. */
  readonly identity: string | null
}

/** `watch('down')` of a client. */
export interface ClientDown {
  readonly type: 'down'
  readonly reason: string
  readonly code?: number
}

/** `watch('lost')` of a client. */
export interface ClientLost {
  readonly type: 'lost'
  readonly why: string
  readonly missed: number | null
  readonly undelivered: number
  readonly unknown: number
}

/** `watch('closed')` of a client. */
export interface ClientClosed {
  readonly type: 'closed'
  readonly reason: string
  readonly code?: number
}

/** The calls of the application on its client. Recorded before the call. */
export interface ClientDid {
  readonly type: 'did'
  readonly what: 'connect' | 'disconnect' | 'discard' | 'reconnect' | 'dispose' | 'login'
}

/** `onPeer` of a server. */
export interface PeerJoined {
  readonly type: 'joined'
  readonly peer: string
  /** Which client that is, as its token said. */
  readonly client: string
  readonly identity: string | null
  /**
   * `moved`: the session has come from another server.
   *
   * @default 'new'
   */
  readonly arrival?: 'new' | 'moved'
}

/** A server is about to close, and gives its clients time. */
export interface Draining {
  readonly type: 'draining'
}

/** `peer.onClose`, or `watch('closed')`, of a server. */
export interface PeerLeft {
  readonly type: 'left'
  readonly peer: string
  /** `moved`: the session goes on, and this server does not have it any more. */
  readonly why: string
  readonly undelivered: number
  readonly unknown: number
}

/** The process of a server was killed: what it would have said it never says. */
export interface Killed {
  readonly type: 'killed'
}
