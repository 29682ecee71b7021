import type { Tombstone } from '../tombstones.ts'
import type { DialNumbers } from './snapshot.ts'

/**
 * Holds which hub has a session, and the state of sessions that no hub has: so a client can go on with its session on any hub that shares the
 * store. Every call is one step in the store. A call that rejects may have been executed, or may be executed later, and may be
 * repeated: `packages/protocol/test/claim-model` shows what breaks without each of these rules.
 */
export interface SessionStore {
  /** Adds a hub. Its name must be of this process alone: a process that starts again is another one. */
  open(listener: SessionStoreListener): SessionStoreNode
}

/** The notifications of a store for a hub. They may be lost, late, or come twice. */
export interface SessionStoreListener {
  /** Another hub has a client of a session that this hub had under that token. */
  asked(request: ReleaseRequest): void
  /** Something was posted for a session that this hub has. */
  posted(session: string): void
  /**
   * The store has forgotten some of its last writes, and another hub may have the session that this hub had under that token. The hub fences
   * the session and drops it, without a final cursor: its client learns that the session is lost.
   */
  lost(session: string, token: SessionToken): void
  /**
   * The client does not wait for the answers to these requests any more, whose handlers run on this hub: the handlers may stop. Without
   * this notification they run on, and their answers are dropped.
   */
  aborted(session: string, requests: readonly number[]): void
}

/** The request of a hub to the one that has the session of its client. */
export interface ReleaseRequest {
  readonly session: string
  /** The token under which the record names the hub. */
  readonly token: SessionToken
  readonly claim: Claim
}

/** Who has a session, since when: fresh for every attempt to take it. Tokens of one hub grow. */
export interface SessionToken {
  readonly node: string
  readonly attempt: number
}

/** What a client that comes back presents. */
export interface Claim {
  /** The SHA-256 of its key. */
  readonly keyHash: string
  readonly identity: string | null
  readonly client: string
  /** The number of its dial. */
  readonly n: number
}

/** What a hub parks. */
export interface ParkedState {
  /** The encoded snapshot, and its format. */
  readonly text: string
  readonly format: number
  readonly identity: string | null
  readonly dials: DialNumbers
  /** The cursors, for the case that no hub takes it. */
  readonly tombstone: Omit<Tombstone, 'key' | 'why'>
  /** How much of the mailbox the snapshot includes. That part is not needed any more. */
  readonly mailbox: number
  /** The requests of the client whose handlers run on this hub. */
  readonly running: readonly number[]
}

/** The answer to a claim. */
export type Taken =
  /** The hub has the session now; the state is that many milliseconds old. Ask again if this answer is lost. */
  | {
      readonly status: 'yours'
      readonly token: SessionToken
      readonly text: string
      readonly elapsed: number
    }
  /** Another hub has the session, and was asked for it. Take it again soon. */
  | { readonly status: 'elsewhere' }
  /** The client has made a later dial, or this hub a later attempt. */
  | { readonly status: 'late' }
  /** This hub does not understand the state. Another one may. */
  | { readonly status: 'unreadable' }
  | { readonly status: 'ended'; readonly tombstone: Omit<Tombstone, 'key'> }
  /** No hub has such a session: there is none, the key is wrong, or the hub that had it has died. */
  | { readonly status: 'unknown' }
  /**
   * The store knows nothing of it. A hub that is alive may take `beginTimeout` milliseconds to make a new session known. `hasForgotten`: the
   * store has lost data, and the hubs that are alive say again what they have. Until then, take it again soon.
   */
  | { readonly status: 'missing'; readonly beginTimeout: number; readonly hasForgotten: boolean }

/** How a hub takes sessions. */
export interface TakeOptions {
  /** The highest format that the hub understands. */
  readonly format: number
  /** Ends a session that the hub does not understand. */
  readonly isLast?: boolean
}

/** What goes into the mailbox of a session. */
export interface MailboxEntry {
  /** The encoded message. */
  readonly text: string
  /** The number of the request that the message answers, if it is an answer. */
  readonly answers?: number
}

/** `full`: more waits in the mailbox than the store takes. */
export type PostResult = 'posted' | 'full' | 'ended'

/** The part of a store that one hub uses. */
export interface SessionStoreNode {
  readonly name: string
  /** Whether what this hub parks outlives it: another program keeps it, or another hub of this process. */
  readonly isLasting: boolean
  /** A new session belongs to this hub. */
  begin(session: string, keyHash: string): Promise<SessionToken>
  take(session: string, claim: Claim, options: TakeOptions): Promise<Taken>
  /**
   * Parks a session that this hub has under that token, for `ttl` milliseconds; its tombstone stays longer. The session must be fenced, and
   * stay so until this is answered, even if it takes many calls. False if another hub has it already, or may have it because the store
   * has forgotten some of its last writes. A state that is larger than the store takes ends the session as `overflow`.
   */
  park(session: string, token: SessionToken, state: ParkedState, ttl: number): Promise<boolean>
  /**
   * Ends a session that this hub has under that token. False if it has not. The hubs whose handlers still run for it are notified, as by
   * `abort`; so they are when a session ends in any other way.
   */
  end(session: string, token: SessionToken, tombstone: Omit<Tombstone, 'key'>): Promise<boolean>
  /** Puts a session back that this hub was given under that token, and never received. */
  giveBack(session: string, token: SessionToken): Promise<void>
  /**
   * Posts a message for a session that this hub had, in the order of the calls. An answer is dropped if the request is answered. Only
   * after a park was answered. A call that is repeated passes the same object. `posted` is no promise: a store may lose its last writes.
   */
  post(session: string, entry: MailboxEntry): Promise<PostResult>
  /** Reads the mailbox of a session from a position on, which counts everything that was ever posted. */
  readMailbox(session: string, position: number): Promise<readonly MailboxEntry[]>
  /**
   * The client of a session that this hub has under that token does not wait for the answer to that request any more. If its handler runs
   * on another hub, it is not answered any more, and that hub is notified, if it can be reached.
   */
  abort(session: string, token: SessionToken, request: number): Promise<void>
  /** Posts that for each request of the session whose hub has died, as its answer. */
  interrupt(session: string, answer: (request: number) => string): Promise<void>
  /** Ends the lease of this hub. */
  close(): Promise<void>
}
