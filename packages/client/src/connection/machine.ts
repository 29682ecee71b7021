import type { CloseRule, DelayRange } from '@holdfast/protocol'
import { backoffWindow, boundHint, failuresAfter, pickDelay } from './backoff.ts'
import type { Cause } from './cause.ts'
import type { Beat } from './heartbeat.ts'
import type {
  Accepted,
  Aftermath,
  Attempt,
  Finding,
  Input,
  Live,
  Open,
  Policy,
  State,
  Step,
  Tally,
  Waiting,
} from './states.ts'
import type { Sample } from './sleep.ts'

/** How long a closing handshake may take. Browsers would wait for a minute when the peer is gone. */
export const closeTimeout = 2_000
/**
 * How long the client waits for the close of a failed socket: it has the code, and WebKit fires it in a later turn.
 */
const closeGrace = 100
/** How long a socket may be connecting before a wake-up replaces it. Browsers may delay a dial for as long. */
const stuckAfter = 5_000
/** The shortest time between two dials that wake-ups cause. */
const wakePause = 5_000
/** The range of the random delay of a wake-up: the user is probably waiting. */
const wakeDelay = 300
/** How often the clocks are checked if no watch does. */
const lookInterval = 30_000
/** A page whose timers run that long after it was left still exists. */
const leftDelay = 1_000
/** After how many attempts in a row without an open socket the diagnosis runs. */
const diagnoseEvery = 3

/**
 * How many times in a row the client follows a server that requests an immediate dial, so that it causes no tight
 * loop.
 */
const maxRetryAfter = 3
/** The lower bound from which a requested range does not count as immediate, in milliseconds. */
const shortestPause = 500
/** A lost path, or a silent peer: the fault is unknown. */
export const lost: CloseRule = { reason: 'lost', delay: [0, 1_000] }

const fresh: Tally = {
  attempts: 0,
  forgiven: 0,
  timeouts: 0,
  unopened: 0,
  strikes: 0,
  refresh: false,
  retryAfterCount: 0,
}

export const initialState: State = { name: 'idle', epoch: 0, tally: fresh, notBefore: 0 }

/** The moment of the next `tick` of a state, if any. */
export function deadlineOf(state: State): number | undefined {
  if (state.name === 'open') return state.deadline ?? state.watch?.deadline ?? state.lookAt
  return 'deadline' in state ? state.deadline : undefined
}

/**
 * The lifecycle of a connection: the next state, and what to do on the way. Pure: the same arguments give the same result.
 *
 *     idle ─connect─▶ preparing ─prepared─▶ opening ─opened─▶ greeting ─accepted─▶ open ─stop─▶ closing ─▶ closed
 *                         ▲                                                        │
 *                     deadline, wake           ended, deadline, no proof of life, leave
 *                         └──── waiting ◀──────────────────────┘       (any of them; a fatal cause leads to closed)
 *
 * The line that decides "reconnect or not" is in {@link scheduleRetry}.
 */
export function step(state: State, input: Input, policy: Policy, sample: Sample): Step {
  if ('epoch' in input) {
    if (input.epoch !== state.epoch) return [state]
  } else if (sample.readyState! > 1 && isLive(state) && !state.failure) {
    // Some sockets close without an event, and most wait long for a peer that has closed and keeps the transport
    // open.
    const deadline = sample.now + (sample.readyState === 3 ? 0 : closeTimeout)
    state = { ...state, failure: { reason: 'lost' }, deadline }
  }
  const { name } = state
  switch (input.type) {
    case 'connect':
      if (!isLive(state)) return redial(state, name === 'idle' ? undefined : state.cause, policy, sample)
      break
    case 'reconnect':
      if (name !== 'preparing') return redial(state, { reason: 'reconnect' }, policy, sample)
      break
    case 'prepared':
      if (name === 'preparing')
        return [{ ...state, name: 'opening', notBefore: sample.now + shortestDelay(policy) }, 'dial']
      break
    case 'opened':
      if (name === 'opening') return [{ ...state, name: 'greeting' }, 'greet']
      break
    case 'failed':
      if (name === 'opening') return [{ ...state, deadline: sample.now + closeGrace, failure: input.failure }]
      break
    case 'accepted':
      if (name === 'greeting') return open(state, input, sample)
      break
    case 'heard':
      if (name === 'open') return [{ ...state, watch: state.facts.heartbeat?.start(sample) }]
      break
    case 'ended':
      if (isLive(state)) return scheduleRetry(state, input.cause, input.rule, policy, sample)
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
    case 'diagnosed':
      if (name === 'waiting') return [applyFinding(state, input.finding, sample)]
      if (name === 'opening' || name === 'preparing') return [{ ...state, finding: input.finding }]
      break
    case 'probe':
      return probe(state, policy, sample)
  }
  return [state]
}

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
    notBefore: from.notBefore,
    startedAt: sample.now,
    deadline,
    cause,
  }
  return isLive(from) || from.name === 'closing' ? [next, 'abandon', 'prepare'] : [next, 'prepare']
}

/** Dials on request of the application: now, or as soon as the policy and the server allow. */
function redial(from: State, cause: Cause | undefined, policy: Policy, sample: Sample): Step {
  const { notBefore } = from
  const tally = uncounted(from, policy, sample)
  if (sample.now >= notBefore) return dial(from, tally, cause, policy, sample)
  if (from.name === 'waiting') return [from.deadline > notBefore ? { ...from, deadline: notBefore } : from]
  return pause(from, tally, notBefore, cause!)
}

/** Releases everything until that moment, or until the page becomes visible. */
function pause({ epoch, notBefore }: State, tally: Tally, deadline: number, cause: Cause): Step {
  return [
    { name: 'waiting', epoch, tally, notBefore, deadline, earliest: 0, wakeWithin: 0, cause },
    'abandon',
  ]
}

function open(
  { epoch, tally, notBefore, startedAt }: Attempt,
  { facts, protocol }: Accepted,
  sample: Sample,
): Step {
  return [
    {
      name: 'open',
      epoch,
      tally,
      notBefore,
      startedAt,
      openedAt: sample.now,
      facts,
      protocol,
      watch: facts.heartbeat?.start(sample),
      lookAt: sample.now + lookInterval,
    },
    'announce',
  ]
}

function close({ epoch, notBefore }: State, cause: Cause, fatal = false, failures = 0): State {
  return { name: 'closed', epoch, tally: { ...fresh, forgiven: 0 - failures }, notBefore, cause, fatal }
}

/**
 * Leaves an attempt or a connection that ended: gives up if the rule or a limit says so, else waits to dial again, shortly
 * if `isWoken`.
 */
function scheduleRetry(
  from: Live,
  cause: Cause,
  rule: Aftermath,
  policy: Policy,
  sample: Sample,
  isWoken = false,
): Step {
  const { now } = sample
  const past = tallyOf(from, policy, sample)
  const failures = failuresOf(from, past, cause, rule, policy, sample)
  const asked = rule.retryAfter && boundHint(rule.retryAfter)
  const hint = asked ?? rule.delay
  const floor = from.startedAt + shortestDelay(policy)
  const notBefore = Math.max(from.notBefore, floor, now + (hint?.[0] ?? 0))
  // A later `connect()` has as many attempts again, but does not dial as fast as at first.
  if (isHopeless(past, rule, policy)) return [close({ ...from, notBefore }, cause, true, failures), 'destroy']
  if (policy.asksDelay && sample.customDelay === undefined) return [from, { failures, cause }]

  const tally = tallyAfter(from, past, cause, rule, asked, failures)
  let wait: Waiting = {
    name: 'waiting',
    epoch: from.epoch,
    tally,
    notBefore,
    deadline: now + delayOf(failures, hint, tally.retryAfter, policy, sample),
    // A dial that never left the machine did not load the server.
    earliest: from.startedAt + (cause.reason === 'offline' ? 0 : wakePause),
    wakeWithin: wakeDelay,
    cause,
  }
  if (from.name === 'opening' && from.finding) wait = applyFinding(wait, from.finding, sample)
  if (isWoken) wait = shortenWait(wait, sample)
  return tally.unopened > past.unopened && tally.unopened % diagnoseEvery === 0
    ? [wait, 'destroy', 'diagnose']
    : [wait, 'destroy']
}

/** How many failures in a row the delay is to count. */
function failuresOf(
  from: Live,
  { attempts, forgiven }: Tally,
  cause: Cause,
  rule: Aftermath,
  policy: Policy,
  sample: Sample,
): number {
  const failures = attempts - forgiven
  if (from.name !== 'open' || (rule !== lost && cause.code !== 1006)) return failures
  // A silent path has been silent for as long as the detection took.
  const until = cause.reason === 'silent' ? sample.heardAt : sample.now
  return failuresAfter(until - from.openedAt, failures, policy.baseDelay)
}

function isHopeless({ attempts, strikes, refresh }: Tally, rule: Aftermath, policy: Policy): boolean {
  return (
    rule.action === 'fatal' ||
    (rule.action === 'refresh' && refresh) ||
    (rule.limit !== undefined && strikes >= rule.limit) ||
    attempts >= policy.maxAttempts
  )
}

function tallyAfter(
  from: Live,
  past: Tally,
  cause: Cause,
  rule: Aftermath,
  asked: DelayRange | undefined,
  failures: number,
): Tally {
  const { retryAfterCount } = past
  const isKept = asked && (retryAfterCount < maxRetryAfter || asked[0] >= shortestPause)
  return {
    attempts: past.attempts,
    forgiven: past.attempts - failures,
    timeouts: past.timeouts + (cause.reason === 'timeout' ? 1 : 0),
    unopened: past.unopened + (from.name === 'opening' ? 1 : 0),
    strikes: past.strikes + (rule.limit === undefined ? 0 : 1),
    refresh: past.refresh || rule.action === 'refresh',
    retryAfter: isKept ? asked : failures ? past.retryAfter : undefined,
    retryAfterCount: retryAfterCount + (asked ? 1 : 0),
  }
}

/** The delay that the application gave, at least what the server asks for; else one of the policy. */
function delayOf(
  failures: number,
  hint: DelayRange | undefined,
  retryAfter: DelayRange | undefined,
  policy: Policy,
  { customDelay, random, isHidden }: Sample,
): number {
  // Not `customDelay < 0`, because the function may give NaN, or nothing.
  if (customDelay! >= 0) return Math.max(customDelay!, hint?.[0] ?? 0)
  return pickDelay(backoffWindow(failures, hint, policy, retryAfter, isHidden), random)
}

/** The shortest time between two dials of the application. */
function shortestDelay({ minDelay, maxDelay }: Policy): number {
  return Math.min(minDelay, maxDelay)
}

/** The counters that remain when a connection or an attempt ends: none, if it was stable. */
function tallyOf(from: Live, { minUptime }: Policy, { now }: Sample): Tally {
  if (from.name === 'open') return now - from.openedAt >= minUptime ? fresh : { ...from.tally, unopened: 0 }
  return from.name === 'greeting' ? { ...from.tally, unopened: 0 } : from.tally
}

/** The counters that remain when an attempt or a connection is abandoned without a failure. */
function uncounted(from: State, policy: Policy, sample: Sample): Tally {
  if (!isLive(from)) return from.tally
  const tally = tallyOf(from, policy, sample)
  return { ...tally, attempts: Math.max(0, tally.attempts - 1) }
}

/** Releases everything, so that the browser can cache the page. Leaving is not a failure. */
function leave(state: State, policy: Policy, sample: Sample): Step {
  if (state.name === 'closing') return [close(state, state.cause), 'abandon']
  if (!isLive(state)) return [state]
  return pause(state, uncounted(state, policy, sample), sample.now + leftDelay, { reason: 'left' })
}

/** Continues the wait with a better known cause, and longer if the server requests it. */
function applyFinding(state: Waiting, { cause, delay, refresh = false }: Finding, sample: Sample): Waiting {
  const tally = { ...state.tally, refresh: state.tally.refresh || refresh }
  const next = { ...state, tally, cause: { ...state.cause, ...cause } }
  // A function of the application computed the delay, and no delay may be NaN or infinite.
  if (!(delay && delay[0] >= 0 && delay[0] <= delay[1] && delay[1] < Infinity)) return next
  const { now, random } = sample
  return {
    ...next,
    tally: { ...tally, retryAfter: delay },
    deadline: Math.max(state.deadline, now + pickDelay(delay, random)),
    notBefore: Math.max(state.notBefore, now + delay[0]),
  }
}

function stop(state: State, cause: Cause, graceful: boolean, sample: Sample): Step {
  const { name, epoch, notBefore } = state
  if (graceful && (name === 'closed' || name === 'closing')) return [state]
  if (graceful && (name === 'open' || name === 'greeting'))
    return [
      { name: 'closing', epoch, tally: fresh, notBefore, cause, deadline: sample.now + closeTimeout },
      'close',
    ]
  return [close(state, cause), 'abandon']
}

function tick(state: State, policy: Policy, sample: Sample): Step {
  const isDue = sample.now >= (deadlineOf(state) ?? Infinity)
  if (state.name === 'idle' || state.name === 'closed' || !isDue) return [state]
  if (isLive(state) && (state.failure || state.name !== 'open'))
    return scheduleRetry(state, state.failure ?? { reason: 'timeout' }, lost, policy, sample)
  switch (state.name) {
    case 'waiting':
      return dial(state, state.tally, state.cause, policy, sample)
    case 'open':
      if (!state.facts.heartbeat || !state.watch) return [{ ...state, lookAt: sample.now + lookInterval }]
      return watch(state, state.facts.heartbeat.onDeadline(state.watch, sample), policy, sample)
    case 'closing':
      return [close(state, state.cause), 'destroy']
  }
}

function probe(state: State, policy: Policy, sample: Sample): Step {
  if (state.name !== 'open' || !state.facts.heartbeat || !state.watch) return [state]
  return watch(state, state.facts.heartbeat.onProbe(state.watch, sample), policy, sample)
}

function watch(state: Open, beat: Beat, policy: Policy, sample: Sample): Step {
  if (beat === 'dead') return scheduleRetry(state, { reason: 'silent' }, lost, policy, sample)
  return beat.probe ? [{ ...state, watch: beat.watch }, 'probe'] : [{ ...state, watch: beat.watch }]
}

function wake(state: State, doubtful: boolean, policy: Policy, sample: Sample): Step {
  if (state.name === 'waiting') return [shortenWait(state, sample)]
  const cause: Cause = { reason: 'change' }
  if (state.name === 'opening' || state.name === 'greeting')
    return sample.now - state.startedAt > stuckAfter
      ? dial(state, state.tally, cause, policy, sample)
      : [state]
  if (state.name !== 'open' || state.facts.heartbeat) return probe(state, policy, sample)
  if (!doubtful) return [state]
  // A replaced connection is not a failure, so it does not count towards the limit of attempts.
  return scheduleRetry(state, cause, lost, { ...policy, maxAttempts: Infinity }, sample, true)
}

/** Shortens a wait. A second call has no further effect. */
function shortenWait(state: Waiting, { now, random }: Sample): Waiting {
  const deadline = Math.max(now, state.earliest, state.notBefore) + random * state.wakeWithin
  return { ...state, deadline: Math.min(state.deadline, deadline) }
}
