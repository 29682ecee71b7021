import { describe, expect, it } from 'vitest'
import { deadlineOf, initialState, step } from './machine.ts'
import { isOverslept, slept } from './sleep.ts'
import type { Input, State } from './states.ts'
import {
  at,
  change,
  closing,
  connect,
  ended,
  greeting,
  openBeating,
  opening,
  openState,
  policy,
  tick,
  waiting,
  wake,
} from '../../test/support/machine.ts'

describe('waking up', () => {
  it('dials within 300 ms when waiting, but only every five seconds', () => {
    const [soon] = step({ ...waiting, deadline: 60_000 } as State, wake, policy, at(100))
    expect(deadlineOf(soon)).toBe(5_150)
    const [now] = step({ ...waiting, deadline: 60_000 } as State, wake, policy, at(8_000))
    expect(deadlineOf(now)).toBe(8_150)
  })

  it('dials within 300 ms after a dial that never left the machine', () => {
    const offline: Input = {
      type: 'ended',
      epoch: 1,
      cause: { reason: 'offline' },
      rule: { reason: 'failed' },
    }
    const [waits] = step(opening, offline, policy, at(100))
    expect(deadlineOf(step({ ...waits, deadline: 60_000 } as State, change, policy, at(200))[0])).toBe(350)
  })

  it('never makes a wait longer', () => {
    expect(deadlineOf(step({ ...waiting, deadline: 150 } as State, wake, policy, at(8_000))[0])).toBe(150)
  })

  it('never dials before the moment that the server asked for', () => {
    const [busy] = step(openState, ended(1013), policy, at(20_000))
    expect(deadlineOf(step(busy, change, policy, at(20_001))[0])).toBeGreaterThanOrEqual(30_000)
  })

  it('replaces a socket that has been connecting for more than five seconds', () => {
    for (const state of [opening, greeting]) {
      expect(step(state, wake, policy, at(5_000))).toEqual([state])
      expect(step(state, wake, policy, at(5_001)).slice(1)).toEqual(['abandon', 'prepare'])
    }
  })

  it('replaces an open socket only in doubt, when the server cannot be asked', () => {
    expect(step(openState, wake, policy, at(60_000))).toEqual([openState])
    const [next, ...commands] = step(openState, change, policy, at(60_000))
    expect(next).toMatchObject({ name: 'waiting', deadline: 60_150, cause: { reason: 'change' } })
    expect(commands).toEqual(['destroy'])
  })

  it('never gives up because of a hint, even if the last attempt of all was the one that came through', () => {
    const limited = { ...policy, maxAttempts: 1 }
    const [next] = step(openState, change, limited, at(100))
    expect(next).toMatchObject({ name: 'waiting', cause: { reason: 'change' } })
    const [dialing] = step(next, tick, limited, at(6_000))
    expect(dialing.name).toBe('preparing')
    expect(step(dialing, ended(1006, 2), limited, at(6_100))[0]).toMatchObject({
      name: 'closed',
      fatal: true,
    })
  })

  it('asks the server whether the connection lives, when it can be asked', () => {
    const [probing, ...commands] = step(openBeating, change, policy, at(1_000))
    expect(probing).toMatchObject({ name: 'open', watch: { phase: 'probing' } })
    expect(commands).toEqual(['probe'])
    expect(step(probing, wake, policy, at(1_100))).toEqual([probing])
    expect(step(openBeating, { type: 'probe' }, policy, at(1_000)).slice(1)).toEqual(['probe'])
  })

  it('does nothing where there is nothing to do', () => {
    const preparing = step(initialState, connect, policy, at(0))[0]
    for (const state of [initialState, preparing, closing])
      for (const input of [wake, change, { type: 'probe' } as const])
        expect(step(state, input, policy, at(1_000))).toEqual([state])
    expect(step(openState, { type: 'probe' }, policy, at(1_000))).toEqual([openState])
  })
})

describe('the two clocks', () => {
  const before = { now: 1_000, wall: 50_000 }

  it('tell that the machine slept, when only one of them went on', () => {
    expect(isOverslept(before, { now: 1_000, wall: 53_000 })).toBe(true)
    expect(isOverslept(before, { now: 61_000, wall: 110_000 })).toBe(false)
    expect(slept(before, { now: 1_000, wall: 53_000 })).toBe(true)
  })

  it('tell so, when both went on and a timer did not', () => {
    const after = { now: 301_000, wall: 350_000 }
    expect(isOverslept(before, after, 31_000)).toBe(true)
    // Timers of hidden pages come once a minute.
    expect(isOverslept(before, after, 240_000)).toBe(false)
    expect(isOverslept(before, after)).toBe(false)
  })

  it('prove nothing when the wall clock is set back', () => {
    expect(isOverslept(before, { now: 2_000, wall: -3_550_000 })).toBe(false)
    expect(slept(before, { now: 2_000, wall: -3_550_000 })).toBe(true)
  })
})
