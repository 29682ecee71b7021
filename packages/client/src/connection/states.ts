import type { CloseRule, DelayRange } from '@holdfast/protocol'
import type { BackoffOptions, PickDelay } from './backoff.ts'
import type { Cause } from './cause.ts'
import type { Heartbeat, Watch } from './heartbeat.ts'
import type { Sample } from './sleep.ts'
import type { Signal } from '../platform/page.ts'
import type { Ports } from '../platform/ports.ts'

/** The state of a connection: see `machine.ts` for the transitions. */
export type State = Idle | Attempt | Open | Waiting | Closing | Closed

interface Base {
  /** The number of the latest attempt. Inputs of earlier attempts are dropped. */
  readonly epoch: number
  readonly tally: Tally
  /** The moment before which the application cannot dial again: the lower bound of the policy, and of the server. */
  readonly notBefore: number
  /** Why the last connection ended or the last attempt failed; undefined while open, and at first. */
  readonly cause: Cause | undefined
}

/** Counters since the connection was last stable. */
export interface Tally {
  readonly attempts: number
  /** How many attempts in a row the next delay counts as failed: those that uptime has not offset. */
  readonly failures: number
  readonly timeouts: number
  /** Closes with a rule that has a limit. */
  readonly strikes: number
  /** Whether the server refused the last token. */
  readonly refresh: boolean
  /** The last window in which the server asked to be dialed, and how many times it did. */
  readonly retryAfter?: CloseRule['delay'] | undefined
  readonly retryAfterCount: number
}

interface Idle extends Base {
  readonly name: 'idle'
}

export interface Attempt extends Base {
  readonly name: 'preparing' | 'opening' | 'greeting'
  readonly startedAt: number
  readonly deadline: number
  /** The failure that the socket reported, if it has not closed yet. */
  readonly failure?: Cause
  /** The diagnosis of earlier attempts, which arrived during this one. */
  readonly discovery?: Discovery
}

export interface Open extends Base {
  readonly name: 'open'
  readonly startedAt: number
  readonly openedAt: number
  readonly facts: Facts
  /** The subprotocol that the server chose; empty for none. */
  readonly protocol: string | undefined
  readonly watch: Watch
  /** When the connection ends with this failure, if its socket is closing and fires no event until then. */
  readonly deadline?: number
  readonly failure?: Cause
}

export interface Waiting extends Base {
  readonly name: 'waiting'
  readonly deadline: number
  /** The moment before which no wake-up may dial; the application may. */
  readonly earliest: number
  /** The range of the random delay of a wake-up: the user is probably waiting. */
  readonly wakeWithin: number
  readonly cause: Cause
}

export interface Closing extends Base {
  readonly name: 'closing'
  readonly deadline: number
  readonly cause: Cause
}

export interface Closed extends Base {
  readonly name: 'closed'
  readonly cause: Cause
  /** Whether the client stopped because of a fatal cause. */
  readonly fatal: boolean
}

/** A connection or an attempt, which can end. */
export type Live = Attempt | Open

/** An input. Inputs of an attempt carry its epoch. */
export type Input =
  | { readonly type: 'connect' | 'reconnect' | 'tick' }
  /** There is reason to ask the peer for a sign of life now. */
  | { readonly type: 'probe' }
  /** The page is left or frozen. It may or may not come back. */
  | { readonly type: 'leave' }
  | { readonly type: 'wake'; readonly doubtful: boolean }
  | { readonly type: 'stop'; readonly cause: Cause; readonly graceful: boolean }
  | { readonly type: 'prepared' | 'opened' | 'heard'; readonly epoch: number }
  | Accepted
  /** The socket reported an error before it opened. Most close right after that; some never do. */
  | { readonly type: 'failed'; readonly epoch: number; readonly failure: Cause }
  | { readonly type: 'ended'; readonly epoch: number; readonly cause: Cause; readonly rule: Aftermath }
  /** The diagnosis of the last attempts is known. */
  | { readonly type: 'diagnosed'; readonly epoch: number; readonly discovery: Discovery }

/** The wire has done its handshake. */
export interface Accepted {
  readonly type: 'accepted'
  readonly epoch: number
  readonly facts: Facts
  readonly protocol: string | undefined
}

/** The rule for the end of a connection: that of its close code, or the request of the peer. */
export interface Aftermath extends CloseRule {
  /** The window that the peer itself asked for. It wins over `delay`. */
  readonly retryAfter?: CloseRule['delay'] | undefined
}

/** Why sockets do not open, as determined by a diagnosis. */
export interface Finding {
  /** Shown in `client.state` until a socket opens, together with the close code of the socket. */
  readonly cause: Cause
  /** The shortest wait, in milliseconds: a random time in this range. An invalid range is ignored. */
  readonly delay?: DelayRange
  /** Whether the server refuses the token, so that the client calls `token` for a fresh one. */
  readonly refresh?: boolean
}

/**
 * How a client determines why no socket opens: created by `overHttp()` or `diagnosis()`, passed to `createClient` as
 * `diagnose`.
 */
export interface Diagnosis {
  /** Only for clients. */
  readonly begin: object
}

/** A diagnosis as a client sees it. */
export interface RunnableDiagnosis extends Diagnosis {
  /**
   * Begins the diagnosis of one client. `found` receives each finding, or nothing when the last one no longer applies.
   */
  begin(ports: Pick<Ports, 'clock' | 'report'>, found: (discovery?: Discovery) => void): Observe
}

/**
 * Observes the commands of the lifecycle and the signals of the page. `stop` means that the client does not dial any
 * more. `url` is where the client dials, or what the policy of the page has blocked.
 */
export type Observe = (event: Exclude<Command, DelayQuestion> | Signal | 'stop', url?: string) => void

/** What a diagnosis has found out, as a pure function, so that the machine does without a diagnosis. */
export interface Discovery {
  readonly cause: Cause
  /** Continues the wait with a better known cause, and longer if the server requests it. */
  applyTo(state: Waiting, sample: Sample): Waiting
}

/**
 * The effects of a transition, for the interpreter to execute.
 *
 * `abandon` drops the attempt and its socket without waiting, and `destroy` does so when the path is dead anyway:
 * inputs of either are ignored. `close` begins the closing handshake, and `diagnose` reports that a socket did
 * not open, so that the reason is determined now and then.
 */
export type Command =
  | 'prepare'
  | 'dial'
  | 'greet'
  | 'announce'
  | 'probe'
  | 'close'
  | 'abandon'
  | 'destroy'
  | 'diagnose'
  | DelayQuestion

/**
 * Asks the application how long to wait after `failures` failed attempts in a row, less those that uptime has offset.
 * Always the only command of its step, which has changed nothing: the same input follows again, with the answer in the
 * sample.
 */
export interface DelayQuestion {
  readonly failures: number
  readonly cause: Cause
}

/** The next state, and the commands, in this order. */
export type Step = readonly [state: State, ...commands: Command[]]

/** The resolved options of the machine. Times in milliseconds. */
export interface Policy extends Required<BackoffOptions> {
  readonly attemptTimeout: number
  /** How long a closing handshake may take. */
  readonly closeTimeout: number
  /** The delay before the next dial; pure. */
  readonly delay: PickDelay
  /** Whether the application gives the delays: `step` then asks for each, see {@link DelayQuestion}. */
  readonly asksDelay: boolean
}

/** What a wire says of a connection when its handshake is done. */
export interface Facts {
  /** How to watch over the connection, if the server answers probes. */
  readonly heartbeat: Heartbeat | undefined
  readonly resumption: Resumption
}

/** How a connection continues from the one before. */
export interface Resumption {
  /** Whether the session of the last connection continues, so that no message was lost in either direction. */
  readonly resumed: boolean
  /** The number of messages that were written again because the server had not acknowledged them. */
  readonly replayed: number
}
