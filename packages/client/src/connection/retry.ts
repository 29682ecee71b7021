import type { CloseRule, DelayRange } from '@holdfast/protocol'
import { boundHint, failuresAfter } from './backoff.ts'
import type { Cause } from './cause.ts'
import type { Aftermath, Closed, Live, Policy, State, Step, Tally, Waiting } from './states.ts'
import type { Sample } from './sleep.ts'
import { maxRetryAfter, shortestPause, wakeDelay, wakePause } from './times.ts'

/** A lost path, or a silent peer: the fault is unknown. */
export const lost: CloseRule = { reason: 'lost', delay: [0, 1_000] }

export const fresh: Tally = {
  attempts: 0,
  failures: 0,
  timeouts: 0,
  strikes: 0,
  refresh: false,
  retryAfterCount: 0,
}

/**
 * Decides whether to reconnect when an attempt has failed or a connection has ended: the client gives up if the rule or
 * a limit says so, else it waits to dial again, only shortly if `isWoken`.
 */
export function scheduleRetry(
  from: Live,
  cause: Cause,
  rule: Aftermath,
  policy: Policy,
  sample: Sample,
  isWoken = false,
): Step {
  const { now, customDelay } = sample
  const past = isStable(from, policy, sample) ? fresh : from.tally
  const isHopeless =
    rule.action === 'fatal' ||
    (rule.action === 'refresh' && past.refresh) ||
    past.strikes >= (rule.limit ?? Infinity) ||
    // A connection that a wake-up replaces has not failed.
    (past.attempts >= policy.maxAttempts && !isWoken)
  const failures = failuresOf(from, past, cause, rule, policy, sample)
  const asked = rule.retryAfter && boundHint(rule.retryAfter)
  const hint = asked ?? rule.delay
  const floor = from.startedAt + shortestDelay(policy)
  const notBefore = Math.max(from.notBefore, floor, now + (hint?.[0] ?? 0))
  // A later `connect()` has as many attempts again, but does not dial as fast as at first.
  if (isHopeless) return [close({ ...from, notBefore }, cause, true, failures), 'destroy']
  if (policy.asksDelay && customDelay === undefined) return [from, { failures, cause }]

  const tally = tallyAfter(past, cause, rule, asked, failures)
  // Not `customDelay < 0`, because the function may give NaN, or nothing.
  const delay =
    customDelay! >= 0
      ? Math.max(customDelay!, hint?.[0] ?? 0)
      : policy.delay(failures, hint, tally.retryAfter, policy, sample)
  let wait: Waiting = {
    name: 'waiting',
    epoch: from.epoch,
    tally,
    notBefore,
    deadline: now + delay,
    // A dial that never left the machine did not load the server.
    earliest: from.startedAt + (cause.reason === 'offline' ? 0 : wakePause),
    wakeWithin: wakeDelay,
    cause,
  }
  if (isWoken) wait = shortenWait(wait, sample)
  if (from.name !== 'opening') return [wait, 'destroy']
  return [from.discovery?.applyTo(wait, sample) ?? wait, 'destroy', 'diagnose']
}

/** Whether a connection was open for so long that no earlier failure counts. */
function isStable(from: Live, { minUptime }: Policy, { now }: Sample): boolean {
  return from.name === 'open' && now - from.openedAt >= minUptime
}

/** How many failures in a row the delay is to count. */
function failuresOf(
  from: Live,
  { failures }: Tally,
  cause: Cause,
  rule: Aftermath,
  policy: Policy,
  sample: Sample,
): number {
  if (from.name !== 'open' || (rule !== lost && cause.code !== 1006)) return failures
  // A silent path has been silent for as long as the detection took.
  const until = cause.reason === 'silent' ? sample.heardAt : sample.now
  return failuresAfter(until - from.openedAt, failures, policy.baseDelay)
}

function tallyAfter(
  past: Tally,
  cause: Cause,
  rule: Aftermath,
  asked: DelayRange | undefined,
  failures: number,
): Tally {
  const { retryAfterCount } = past
  const isFollowed = asked && (retryAfterCount < maxRetryAfter || asked[0] >= shortestPause)
  return {
    attempts: past.attempts,
    failures,
    timeouts: past.timeouts + (cause.reason === 'timeout' ? 1 : 0),
    strikes: past.strikes + (rule.limit === undefined ? 0 : 1),
    refresh: past.refresh || rule.action === 'refresh',
    // A stable connection ends the delay that a server asked for before it.
    retryAfter: isFollowed ? asked : failures ? past.retryAfter : undefined,
    retryAfterCount: retryAfterCount + (asked ? 1 : 0),
  }
}

/** The shortest time between two dials of the application. */
export function shortestDelay({ minDelay, maxDelay }: Policy): number {
  return Math.min(minDelay, maxDelay)
}

/** The counters that remain when an attempt or a connection is abandoned without a failure. */
export function uncounted(from: State, policy: Policy, sample: Sample): Tally {
  const { tally } = from
  if (!isLive(from)) return tally
  if (isStable(from, policy, sample)) return fresh
  return { ...tally, attempts: tally.attempts - 1, failures: tally.failures - 1 }
}

/** Shortens a wait. A second call has no further effect. */
export function shortenWait(state: Waiting, { now, random }: Sample): Waiting {
  const deadline = Math.max(now, state.earliest, state.notBefore) + random * state.wakeWithin
  return { ...state, deadline: Math.min(state.deadline, deadline) }
}

export function close({ epoch, notBefore }: State, cause: Cause, fatal = false, failures = 0): Closed {
  return { name: 'closed', epoch, tally: { ...fresh, failures }, notBefore, cause, fatal }
}

export function isLive(state: State): state is Live {
  return 'startedAt' in state
}
