import type { Cause } from './cause.ts'
import type { Beat, Watch } from './heartbeat.ts'
import { close, fresh, isLive, lost, scheduleRetry, shortenWait, shortestDelay, uncounted } from './retry.ts'
import type { Accepted, Attempt, Facts, Input, Open, Policy, State, Step, Tally } from './states.ts'
import type { Sample } from './sleep.ts'
import { closeGrace, leftDelay, lookInterval, stuckAfter } from './times.ts'

export const initialState: State = { name: 'idle', epoch: 0, tally: fresh, notBefore: 0, cause: undefined }

/** The moment of the next `tick` of a state, if any. */
export function deadlineOf(state: State): number | undefined {
  if ('deadline' in state) return state.deadline
  return state.name === 'open' ? state.watch.deadline : undefined
}

/**
 * The lifecycle of a connection: the next state, and what to do on the way. Pure: the same arguments give the same result.
 *
 *     idle ─connect─▶ preparing ─prepared─▶ opening ─opened─▶ greeting ─accepted─▶ open ─stop─▶ closing ─▶ closed
 *                         ▲                                                        │
 *                     deadline, wake           ended, deadline, no proof of life, leave
 *                         └──── waiting ◀──────────────────────┘       (any of them; a fatal cause leads to closed)
 *
 * {@link scheduleRetry} decides whether to reconnect, and when.
 */
export function step(state: State, input: Input, policy: Policy, sample: Sample): Step {
  if (!('epoch' in input)) return transition(lapse(state, policy, sample), input, policy, sample)
  return input.epoch === state.epoch ? transition(state, input, policy, sample) : [state]
}

/** Some sockets close without an event, and most wait long for a peer that has closed and keeps the transport open. */
function lapse(state: State, policy: Policy, { readyState, now }: Sample): State {
  if (!(readyState! > 1) || !isLive(state) || state.failure) return state
  return {
    ...state,
    failure: { reason: 'lost' },
    deadline: now + (readyState === 3 ? 0 : policy.closeTimeout),
  }
}

function transition(state: State, input: Input, policy: Policy, sample: Sample): Step {
  const { name } = state
  switch (input.type) {
    case 'connect':
      if (!isLive(state)) return redial(state, state.cause, policy, sample)
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
      if (name === 'open') return [{ ...state, watch: quiet(state.facts, sample) }]
      break
    case 'ended':
      if (isLive(state)) return scheduleRetry(state, input.cause, input.rule, policy, sample)
      if (name === 'closing') return [close(state, state.cause), 'destroy']
      break
    case 'stop':
      return stop(state, input.cause, input.graceful, policy, sample)
    case 'tick':
      return tick(state, policy, sample)
    case 'wake':
      return wake(state, input.doubtful, policy, sample)
    case 'leave':
      return leave(state, policy, sample)
    case 'diagnosed':
      if (name === 'waiting') return [input.discovery.applyTo(state, sample)]
      if (name === 'opening' || name === 'preparing') return [{ ...state, discovery: input.discovery }]
      break
    case 'probe':
      return probe(state, policy, sample)
  }
  return [state]
}

function dial(from: State, before: Tally, cause: Cause | undefined, policy: Policy, sample: Sample): Step {
  const next: State = {
    name: 'preparing',
    epoch: from.epoch + 1,
    tally: { ...before, attempts: before.attempts + 1, failures: before.failures + 1 },
    notBefore: from.notBefore,
    startedAt: sample.now,
    deadline: sample.now + policy.attemptTimeout * Math.min(before.timeouts + 1, 3),
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
      cause: undefined,
      startedAt,
      openedAt: sample.now,
      facts,
      protocol,
      watch: quiet(facts, sample),
    },
    'announce',
  ]
}

/** Releases everything, so that the browser can cache the page. Leaving is not a failure. */
function leave(state: State, policy: Policy, sample: Sample): Step {
  if (state.name === 'closing') return [close(state, state.cause), 'abandon']
  if (!isLive(state)) return [state]
  return pause(state, uncounted(state, policy, sample), sample.now + leftDelay, { reason: 'left' })
}

function stop(state: State, cause: Cause, graceful: boolean, policy: Policy, sample: Sample): Step {
  const { name, epoch, notBefore } = state
  if (graceful && (name === 'closed' || name === 'closing')) return [state]
  if (graceful && (name === 'open' || name === 'greeting'))
    return [
      { name: 'closing', epoch, tally: fresh, notBefore, cause, deadline: sample.now + policy.closeTimeout },
      'close',
    ]
  return [close(state, cause), 'abandon']
}

function tick(state: State, policy: Policy, sample: Sample): Step {
  const isDue = sample.now >= (deadlineOf(state) ?? Infinity)
  if (!isDue || state.name === 'idle' || state.name === 'closed') return [state]
  if (state.name === 'waiting') return dial(state, state.tally, state.cause, policy, sample)
  if (state.name === 'closing') return [close(state, state.cause), 'destroy']
  if (state.failure || state.name !== 'open')
    return scheduleRetry(state, state.failure ?? { reason: 'timeout' }, lost, policy, sample)
  const { heartbeat } = state.facts
  const beat = heartbeat?.onDeadline(state.watch, sample) ?? { watch: quiet(state.facts, sample) }
  return watch(state, beat, policy, sample)
}

function probe(state: State, policy: Policy, sample: Sample): Step {
  if (state.name !== 'open' || !state.facts.heartbeat) return [state]
  return watch(state, state.facts.heartbeat.onProbe(state.watch, sample), policy, sample)
}

function watch(state: Open, beat: Beat, policy: Policy, sample: Sample): Step {
  if (beat === 'dead') return scheduleRetry(state, { reason: 'silent' }, lost, policy, sample)
  const next = { ...state, watch: beat.watch }
  return beat.probe ? [next, 'probe'] : [next]
}

/** The watch right after a sign of life. Without a heartbeat it only has the clocks read. */
function quiet({ heartbeat }: Facts, sample: Sample): Watch {
  return heartbeat?.start(sample) ?? { phase: 'quiet', deadline: sample.now + lookInterval }
}

function wake(state: State, doubtful: boolean, policy: Policy, sample: Sample): Step {
  if (state.name === 'waiting') return [shortenWait(state, sample)]
  const cause: Cause = { reason: 'change' }
  if (state.name === 'opening' || state.name === 'greeting')
    return sample.now - state.startedAt > stuckAfter
      ? dial(state, state.tally, cause, policy, sample)
      : [state]
  if (state.name !== 'open' || state.facts.heartbeat) return probe(state, policy, sample)
  return doubtful ? scheduleRetry(state, cause, lost, policy, sample, true) : [state]
}
