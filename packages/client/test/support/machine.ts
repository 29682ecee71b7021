import { closeRule } from '@holdfast/protocol'
import { pickBackoff } from '../../src/connection/backoff.ts'
import { createHeartbeat } from '../../src/connection/heartbeat.ts'
import type { Heartbeat } from '../../src/connection/heartbeat.ts'
import { initialState, step } from '../../src/connection/machine.ts'
import type { Sample } from '../../src/connection/sleep.ts'
import type { Command, Input, Policy, State } from '../../src/connection/states.ts'

export const policy: Policy = {
  attemptTimeout: 10_000,
  minUptime: 5_000,
  maxAttempts: Infinity,
  minDelay: 100,
  baseDelay: 1_000,
  maxDelay: 30_000,
  maxHiddenDelay: 120_000,
  delay: pickBackoff,
  asksDelay: false,
  closeTimeout: 2_000,
}
export const beat = createHeartbeat({ interval: 25_000, timeout: 10_000 })

export const at = (now: number, more: Partial<Sample> = {}): Sample => ({
  now,
  wall: now + 1_700_000_000_000,
  random: 0.5,
  heardAt: 0,
  ...more,
})

/** Runs inputs one after the other and collects what was commanded. */
export function run(
  from: State,
  inputs: readonly (readonly [Input, Sample])[],
  rules = policy,
): [State, Command[]] {
  let state = from
  const commands: Command[] = []
  for (const [input, sample] of inputs) {
    const [next, ...more] = step(state, input, rules, sample)
    state = next
    commands.push(...more)
  }
  return [state, commands]
}

export const connect: Input = { type: 'connect' }
export const tick: Input = { type: 'tick' }
export const wake: Input = { type: 'wake', doubtful: false }
export const change: Input = { type: 'wake', doubtful: true }
export const stop: Input = { type: 'stop', cause: { reason: 'disconnect' }, graceful: true }
export const accepted = (epoch = 1, heartbeat?: Heartbeat): Input => ({
  type: 'accepted',
  epoch,
  facts: { heartbeat, resumption: { resumed: false, replayed: 0 } },
  protocol: '',
})
export const ended = (code: number, epoch = 1): Input => {
  const rule = closeRule(code)
  return { type: 'ended', epoch, cause: { reason: rule.reason, code }, rule }
}

export const opening = run(initialState, [
  [connect, at(0)],
  [{ type: 'prepared', epoch: 1 }, at(10)],
])[0]
export const greeting = run(opening, [[{ type: 'opened', epoch: 1 }, at(20)]])[0]
export const openState = run(greeting, [[accepted(), at(30)]])[0]
export const openBeating = run(greeting, [[accepted(1, beat), at(30)]])[0]
export const waiting = run(opening, [[ended(1006), at(100)]])[0]
export const closing = run(openState, [[stop, at(100)]])[0]

/** A connection that was confirmed as the attempt of that number, after so many failed ones. */
export const openAfter = (attempts: number, openedAt: number): State =>
  ({
    ...openState,
    openedAt,
    startedAt: openedAt,
    tally: { ...openState.tally, attempts, failures: attempts },
  }) as State
