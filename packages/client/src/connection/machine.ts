import type { CloseRule } from '@holdfast/protocol'
import { pickDelay } from './backoff.ts'
import type { Window } from './backoff.ts'
import type { Cause } from './cause.ts'
import type { Beat, Heartbeat, Watch } from './heartbeat.ts'

/**
 * The lifecycle of a connection, as one immutable value and one pure function.
 *
 *     idle ─connect─▶ preparing ─prepared─▶ opening ─opened─▶ greeting ─greeted─▶ open ─stop─▶ closing ─▶ closed
 *                         ▲                                                        │
 *                     deadline, wake           ended, deadline, no proof of life, leave
 *                         └──── waiting ◀──────────────────────┘       (any of them; a fatal cause leads to closed)
 *
 * The line that decides "reconnect or not" is in {@link fall}.
 */
export type State = Idle | Attempt | Open | Waiting | Closing | Closed

interface Base {
  /** The number of the latest attempt. What comes from an earlier one is dropped. */
  readonly epoch: number
  readonly tally: Tally
}

/** What has happened since the connection was last stable. */
export interface Tally {
  readonly attempts: number
  readonly timeouts: number
  /** Attempts in a row whose socket did not open. */
  readonly unopened: number
  /** Closes with a rule that has a limit. */
  readonly strikes: number
  /** Whether the server refused the last token. */
  readonly refresh: boolean
  /** The last window in which the server asked to be dialed, and how many times it did. */
  readonly told?: CloseRule['delay'] | undefined
  readonly tolds: number
}

interface Idle extends Base {
  readonly name: 'idle'
}

interface Attempt extends Base {
  readonly name: 'preparing' | 'opening' | 'greeting'
  readonly startedAt: number
  readonly deadline: number
  /** Why the connection before this attempt ended, if there was one. */
  readonly cause: Cause | undefined
  /** What went wrong, if the socket has said so and not closed. */
  readonly failure?: Cause
}

interface Open extends Base {
  readonly name: 'open'
  readonly startedAt: number
  readonly openedAt: number
  readonly watch: Watch | undefined
  /** When to look at the clocks next, if there is no watch that does: sleep is to be noticed. */
  readonly lookAt: number
}

interface Waiting extends Base {
  readonly name: 'waiting'
  readonly deadline: number
  /** The moment before which no wake-up may dial. */
  readonly earliest: number
  /** Within how long a wake-up dials, at random. */
  readonly wakeWithin: number
  readonly cause: Cause
}

interface Closing extends Base {
  readonly name: 'closing'
  readonly deadline: number
  readonly cause: Cause
}

interface Closed extends Base {
  readonly name: 'closed'
  readonly cause: Cause
  /** Whether the client gave up by itself. */
  readonly fatal: boolean
}

/** What can happen. What comes from an attempt carries its epoch. */
export type Input =
  | { readonly type: 'connect' | 'reconnect' | 'tick' | 'doubt' }
  /** The page is left or frozen. Whether it comes back, nobody knows. */
  | { readonly type: 'leave' }
  | { readonly type: 'wake'; readonly doubtful: boolean }
  | { readonly type: 'stop'; readonly cause: Cause; readonly graceful: boolean }
  | { readonly type: 'prepared' | 'opened' | 'greeted' | 'heard'; readonly epoch: number }
  /** The socket reported an error before it opened. Most close right after that; some never do. */
  | { readonly type: 'failed'; readonly epoch: number; readonly failure: Cause }
  | { readonly type: 'ended'; readonly epoch: number; readonly cause: Cause; readonly rule: Aftermath }
  /** Why the last attempts failed has come out. */
  | { readonly type: 'learned'; readonly epoch: number; readonly finding: Finding }

/** What follows the end of a connection: the rule of its close code, or what the peer asked for. */
export interface Aftermath extends CloseRule {
  /** The delay, if it is what the peer itself asked for. */
  readonly told?: CloseRule['delay']
}

/** Why sockets do not open, as far as something other than the socket tells. */
export interface Finding {
  readonly cause: Cause
  /** When the server wants to be dialed again. */
  readonly delay?: Window
  /** The server refuses the token. */
  readonly refresh?: boolean
}

/**
 * What the interpreter has to do for the state that was reached.
 *
 * `abandon` lets go of the attempt and its socket without waiting, and `destroy` does so when the path is dead anyway:
 * nothing more is heard from either. `close` begins the closing handshake, and `diagnose` finds out why sockets do not
 * open.
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

/** The next state, and what to do on the way, in this order. */
export type Step = readonly [state: State, ...commands: Command[]]

/** How the machine decides; resolved from the options once. Times in milliseconds. */
export interface Policy {
  readonly attemptTimeout: number
  readonly minUptime: number
  readonly maxAttempts: number
  readonly heartbeat: Heartbeat | undefined
  /**
   * How long to wait after `failures` failed attempts in a row; `hint` is the window that the cause asks for, and `told`
   * the last one that the peer itself asked for: the same one, if it has just done so.
   */
  delay(
    failures: number,
    cause: Cause,
    hint: Window | undefined,
    random: number,
    told: Window | undefined,
    isHidden: boolean,
  ): number
}

/** The world at the moment of an input. */
export interface Sample {
  readonly now: number
  readonly wall: number
  readonly random: number
  /** When the last frame came in. */
  readonly heardAt: number
  /** The measured round-trip time, if it was measured. */
  readonly rtt?: number | undefined
  /** Whether nobody can see the page. */
  readonly isHidden?: boolean
}

/** How long a closing handshake may take. Browsers would wait for a minute when the peer is gone. */
export const closeTimeout = 2_000
/** How long the close of a socket that failed is waited for: it has the code, and WebKit has it in a later turn. */
const closeGrace = 100
/** How long a socket may be connecting before a wake-up replaces it. Browsers may hold a dial back for as long. */
const stuckAfter = 5_000
/** How much time passes between two dials at least when wake-ups cause them. */
const wakePause = 5_000
/** Within how long a wake-up dials, at random: somebody is likely to be waiting. */
const wakeDelay = 300
/** How far the two clocks drift apart only when the machine slept. */
const clockJump = 2_000
/** How late timers are only when the machine slept: those of hidden pages come once a minute. */
const longestLateness = 150_000
/** How often the clocks are looked at where no watch does. */
const lookInterval = 30_000
/** A page whose timers run that long after it was left is still there. */
const leftDelay = 1_000
/** After how many attempts in a row that did not open a socket it is time to find out why. */
const diagnoseEvery = 3

const fresh: Tally = { attempts: 0, timeouts: 0, unopened: 0, strikes: 0, refresh: false, tolds: 0 }
/** How many times a server is taken at its word that says 'now': it is not dialed in a fast loop. */
const maxTolds = 3
/** From which lower end on a window is none that says 'now', in milliseconds. */
const shortestPause = 500
export const lost: CloseRule = { reason: 'lost', delay: [0, 1_000] }

export const initialState: State = { name: 'idle', epoch: 0, tally: fresh }

/** The moment at which the state wants a `tick`, if any. */
export function deadlineOf(state: State): number | undefined {
  if (state.name === 'open') return state.watch?.deadline ?? state.lookAt
  return 'deadline' in state ? state.deadline : undefined
}

/** A moment by both clocks, in milliseconds. */
export type Moment = Pick<Sample, 'now' | 'wall'>

/** Whether the clocks tell that the machine slept between two moments, or that one of them was set. */
export function slept(before: Moment, after: Moment): boolean {
  return Math.abs(drift(before, after)) > clockJump
}

/**
 * Whether an open socket is in doubt because of the time that has passed since the moment before: the machine slept, or
 * the timer that was due at `deadline` came far too late. A wall clock that was set back proves nothing.
 */
export function isOverslept(before: Moment, after: Moment, deadline: number = Infinity): boolean {
  return drift(before, after) > clockJump || after.now - deadline > longestLateness
}

function drift(before: Moment, after: Moment): number {
  return after.wall - before.wall - (after.now - before.now)
}

/** The next state and what to do on the way. Pure: the same arguments give the same result. */
export function step(state: State, input: Input, policy: Policy, sample: Sample): Step {
  if ('epoch' in input && input.epoch !== state.epoch) return [state]
  const { name } = state
  switch (input.type) {
    case 'connect':
      if (name === 'idle' || name === 'closed' || name === 'closing')
        return dial(state, fresh, undefined, policy, sample)
      break
    case 'reconnect':
      if (name !== 'preparing') return dial(state, fresh, { reason: 'reconnect' }, policy, sample)
      break
    case 'prepared':
      if (name === 'preparing') return [{ ...state, name: 'opening' }, 'dial']
      break
    case 'opened':
      if (name === 'opening') return [{ ...state, name: 'greeting' }, 'greet']
      break
    case 'failed':
      if (name === 'opening') return [{ ...state, deadline: sample.now + closeGrace, failure: input.failure }]
      break
    case 'greeted':
      if (name === 'greeting') return open(state, policy, sample)
      break
    case 'heard':
      if (name === 'open') return [{ ...state, watch: policy.heartbeat?.start(sample) }]
      break
    case 'ended':
      if (isLive(state)) return fall(state, input.cause, input.rule, policy, sample)
      if (name === 'closing') return [close(state, state.cause), 'destroy']
      break
    case 'stop':
      return stop(state, input.cause, input.graceful, sample)
    case 'tick':
      return tick(state, policy, sample)
    case 'wake':
      return wake(state, input.doubtful, policy, sample)
    case 'leave':
      return leave(state, policy, sample)
    case 'learned':
      if (name === 'waiting') return [learn(state, input.finding, sample)]
      break
    case 'doubt':
      return doubt(state, policy, sample)
  }
  return [state]
}

type Live = Attempt | Open

function isLive(state: State): state is Live {
  return 'startedAt' in state
}

function dial(from: State, before: Tally, cause: Cause | undefined, policy: Policy, sample: Sample): Step {
  const tally = { ...before, attempts: before.attempts + 1 }
  const deadline = sample.now + policy.attemptTimeout * Math.min(tally.timeouts + 1, 3)
  const next: State = {
    name: 'preparing',
    epoch: from.epoch + 1,
    tally,
    startedAt: sample.now,
    deadline,
    cause,
  }
  return isLive(from) || from.name === 'closing' ? [next, 'abandon', 'prepare'] : [next, 'prepare']
}

function open({ epoch, tally, startedAt }: Attempt, { heartbeat }: Policy, sample: Sample): Step {
  return [
    {
      name: 'open',
      epoch,
      tally,
      startedAt,
      openedAt: sample.now,
      watch: heartbeat?.start(sample),
      lookAt: sample.now + lookInterval,
    },
    'announce',
  ]
}

function close({ epoch }: State, cause: Cause, fatal = false): State {
  return { name: 'closed', epoch, tally: fresh, cause, fatal }
}

/** Leaves an attempt or a connection that ended: gives up if the rule or a limit says so, else waits to dial again. */
function fall(from: Live, cause: Cause, rule: Aftermath, policy: Policy, sample: Sample): Step {
  const { now, random, isHidden = false } = sample
  const { attempts, timeouts, unopened, strikes, refresh, told, tolds } = tallyOf(from, policy, sample)
  const refused = rule.action === 'refresh'
  const limited = rule.limit !== undefined

  const hopeless =
    rule.action === 'fatal' ||
    (refused && refresh) ||
    (limited && strikes >= rule.limit) ||
    attempts >= policy.maxAttempts
  if (hopeless) return [close(from, cause, true), 'destroy']

  const tally: Tally = {
    attempts,
    timeouts: timeouts + (cause.reason === 'timeout' ? 1 : 0),
    unopened: from.name === 'opening' ? unopened + 1 : unopened,
    strikes: strikes + (limited ? 1 : 0),
    refresh: refresh || refused,
    told: rule.told && (tolds < maxTolds || rule.told[0] >= shortestPause) ? rule.told : told,
    tolds: tolds + (rule.told ? 1 : 0),
  }
  const deadline = now + policy.delay(attempts, cause, rule.delay, random, tally.told, isHidden)
  // A dial that never left the machine was a burden to nobody.
  const pause = cause.reason === 'offline' ? 0 : wakePause
  const earliest = Math.max(from.startedAt + pause, now + (rule.delay?.[0] ?? 0))
  const { epoch } = from
  const next: State = { name: 'waiting', epoch, tally, deadline, earliest, wakeWithin: wakeDelay, cause }
  return tally.unopened > unopened && tally.unopened % diagnoseEvery === 0
    ? [next, 'destroy', 'diagnose']
    : [next, 'destroy']
}

/** What counts of the past when a connection or an attempt ends: nothing, if it was stable. */
function tallyOf(from: Live, { minUptime }: Policy, { now }: Sample): Tally {
  if (from.name === 'open') return now - from.openedAt >= minUptime ? fresh : { ...from.tally, unopened: 0 }
  return from.name === 'greeting' ? { ...from.tally, unopened: 0 } : from.tally
}

/** Lets go of everything, so that the page can be kept as it is and come back. To leave is no failure. */
function leave(state: State, policy: Policy, sample: Sample): Step {
  if (state.name === 'closing') return [close(state, state.cause), 'abandon']
  if (!isLive(state)) return [state]
  const { epoch } = state
  const { now } = sample
  const tally = tallyOf(state, policy, sample)
  const next: State = {
    name: 'waiting',
    epoch,
    tally: { ...tally, attempts: Math.max(0, tally.attempts - 1) },
    deadline: now + leftDelay,
    earliest: now,
    wakeWithin: 0,
    cause: { reason: 'left' },
  }
  return [next, 'abandon']
}

/** The wait goes on, for a better known cause, and longer if the server wishes so. */
function learn(state: Waiting, { cause, delay, refresh = false }: Finding, sample: Sample): State {
  const tally = { ...state.tally, refresh: state.tally.refresh || refresh }
  const next = { ...state, tally, cause: { ...state.cause, ...cause } }
  if (!delay) return next
  const { now, random } = sample
  return {
    ...next,
    tally: { ...tally, told: delay },
    deadline: Math.max(state.deadline, now + pickDelay(delay, random)),
    earliest: Math.max(state.earliest, now + delay[0]),
  }
}

function stop(state: State, cause: Cause, graceful: boolean, sample: Sample): Step {
  const { name, epoch, tally } = state
  if (name === 'closed' || (name === 'closing' && graceful)) return [state]
  if (graceful && (name === 'open' || name === 'greeting'))
    return [{ name: 'closing', epoch, tally, cause, deadline: sample.now + closeTimeout }, 'close']
  return [close(state, cause), 'abandon']
}

function tick(state: State, policy: Policy, sample: Sample): Step {
  const isDue = sample.now >= (deadlineOf(state) ?? Infinity)
  if (state.name === 'idle' || state.name === 'closed' || !isDue) return [state]
  switch (state.name) {
    case 'waiting':
      return dial(state, state.tally, state.cause, policy, sample)
    case 'preparing':
    case 'opening':
    case 'greeting':
      return fall(state, state.failure ?? { reason: 'timeout' }, lost, policy, sample)
    case 'open':
      if (!state.watch) return [{ ...state, lookAt: sample.now + lookInterval }]
      return watch(state, policy.heartbeat?.onDeadline(state.watch, sample), policy, sample)
    case 'closing':
      return [close(state, state.cause), 'destroy']
  }
}

function doubt(state: State, policy: Policy, sample: Sample): Step {
  if (state.name !== 'open') return [state]
  return watch(state, state.watch && policy.heartbeat?.onDoubt(state.watch, sample), policy, sample)
}

function watch(state: Open, beat: Beat | undefined, policy: Policy, sample: Sample): Step {
  if (!beat) return [state]
  if (beat === 'dead') return fall(state, { reason: 'silent' }, lost, policy, sample)
  return beat.probe ? [{ ...state, watch: beat.watch }, 'probe'] : [{ ...state, watch: beat.watch }]
}

function wake(state: State, doubtful: boolean, policy: Policy, sample: Sample): Step {
  if (state.name === 'waiting') return [hasten(state, sample)]
  const cause: Cause = { reason: 'change' }
  if (state.name === 'opening' || state.name === 'greeting')
    return sample.now - state.startedAt > stuckAfter
      ? dial(state, state.tally, cause, policy, sample)
      : [state]
  if (state.name !== 'open' || policy.heartbeat) return doubt(state, policy, sample)
  if (!doubtful) return [state]
  const [next, ...commands] = fall(state, cause, lost, policy, sample)
  return [next.name === 'waiting' ? hasten(next, sample) : next, ...commands]
}

/** Cuts a wait short. Twice is the same as once. */
function hasten(state: Waiting, { now, random }: Sample): State {
  const deadline = Math.max(now, state.earliest) + random * state.wakeWithin
  return { ...state, deadline: Math.min(state.deadline, deadline) }
}
