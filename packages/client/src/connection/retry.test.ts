import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { closeRule } from '@holdfast/protocol'
import { backoffWindow } from './backoff.ts'
import { deadlineOf, initialState, step } from './machine.ts'
import type { Sample } from './sleep.ts'
import type { DelayQuestion, Input, Policy, State } from './states.ts'
import {
  accepted,
  at,
  beat,
  change,
  closing,
  connect,
  ended,
  greeting,
  openAfter,
  opening,
  openState,
  policy,
  run,
  stop,
  tick,
  waiting,
} from '../../test/support/machine.ts'

describe('a path that keeps breaking', () => {
  /** What follows, the failures that count, and the end of the window in which it is dialed. */
  const after = (state: State, input: Input, now: number, more: Partial<Sample> = {}) => {
    const asking = { ...policy, asksDelay: true }
    const [, question] = step(state, input, asking, at(now, more))
    const [next] = step(state, input, policy, at(now, { ...more, random: 1 }))
    return { next, failures: (question as DelayQuestion).failures, end: deadlineOf(next)! - now }
  }
  /** What follows a connection of that uptime, by how it ended. */
  const lifeOf = (uptime: number, end: Input = ended(1006)) =>
    after(openAfter(7, 20_000), end, 20_000 + uptime)

  it('is redialed as the first time, after a connection of a second or more', () => {
    for (const uptime of [1_000, 1_900, 4_999, 5_000]) expect(lifeOf(uptime).end).toBe(1_000)
  })

  it('is left to the doubling the more, the less its connections live', () => {
    expect([999, 500, 250, 125, 50, 20, 1, 0].map((uptime) => lifeOf(uptime).end)).toEqual([
      1_000, 1_000, 2_000, 4_000, 16_000, 30_000, 30_000, 30_000,
    ])
  })

  it('is waited for as after a first failure when the next dial fails, and twice as long after each further one', () => {
    let { next } = lifeOf(1_900)
    const ends: number[] = []
    for (let now = 100_000; now < 600_000; now += 100_000) {
      const [dialing] = step(next, tick, policy, at(now))
      const retry = after(dialing, ended(1006, dialing.epoch), now + 10)
      next = retry.next
      ends.push(retry.end)
    }
    expect(ends).toEqual([1_000, 2_000, 4_000, 8_000, 16_000])
  })

  it('earns nothing by a close of the server, by an end before the connection was confirmed, or when a write fails', () => {
    for (const code of [1000, 1001, 1005, 1011, 1012, 4000])
      expect(lifeOf(1_900, ended(code)).failures).toBe(7)
    const failed: Input = {
      type: 'ended',
      epoch: 1,
      cause: { reason: 'send-failed' },
      rule: { reason: 'failed' },
    }
    expect(lifeOf(1_900, failed).failures).toBe(7)
    const { tally } = openAfter(7, 20_000)
    for (const state of [opening, greeting])
      expect(after({ ...state, tally }, ended(1006), 4_000).failures).toBe(7)
  })

  it('is judged by how long it was heard, when it falls silent', () => {
    const silent = (heardAt: number) => {
      const judging = {
        ...openAfter(7, 20_000),
        facts: { heartbeat: beat },
        watch: { phase: 'judging', deadline: 24_000 },
      } as State
      const { next, failures } = after(judging, tick, 24_000, { heardAt })
      expect(next).toMatchObject({ name: 'waiting', cause: { reason: 'silent' } })
      return failures
    }
    expect(silent(21_500)).toBe(0)
    expect(silent(20_300)).toBe(2)
    // Nothing was heard on this connection.
    expect(silent(10_000)).toBe(7)
  })

  it('earns the same when a wake-up finds it in doubt', () => {
    expect(after(openAfter(7, 20_000), change, 22_000).failures).toBe(0)
  })

  it('does not reset the count of attempts, nor what it is limited to', () => {
    const { next } = lifeOf(1_900)
    expect(next.tally.attempts).toBe(7)
    const limited = { ...policy, maxAttempts: 7 }
    expect(step(openAfter(7, 20_000), ended(1006), limited, at(22_000))[0]).toMatchObject({
      name: 'closed',
      fatal: true,
    })
  })

  it('is not held to an old wish of the server for distance, once it was as good as new', () => {
    const told = [0, 30_000] as const
    const state = openAfter(4, 20_000)
    const asking = { ...state, tally: { ...state.tally, retryAfter: told } } as State
    expect(after(asking, ended(1006), 21_000).end).toBe(1_000)
    expect(after(asking, ended(1006), 20_900).end).toBe(7_500)
  })

  it('keeps what it has earned through the short lives that follow', () => {
    let { next } = lifeOf(4_000)
    const failures: number[] = []
    for (let round = 1; round <= 3; round++) {
      const { epoch, tally } = step(next, tick, policy, at(round * 100_000))[0]
      const short = { ...openAfter(0, round * 100_000), epoch, tally } as State
      const retry = after(short, ended(1006, epoch), round * 100_000 + 20)
      next = retry.next
      failures.push(retry.failures)
    }
    expect(failures).toEqual([1, 2, 3])
  })

  it('waits neither longer than without, nor longer than its uptime is worth, whatever has failed before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(4_999), (attempts, uptime) => {
        const { end } = after(openAfter(attempts, 20_000), ended(1006), 20_000 + uptime)
        expect(end).toBeLessThanOrEqual(backoffWindow(attempts, [0, 1_000], policy)[1])
        expect(end).toBeLessThanOrEqual(1_000 * Math.max(1, 1_000 / uptime))
        expect(end).toBeGreaterThanOrEqual(1_000)
      }),
    )
  })
})

describe('a window in which the server asks to be dialed', () => {
  it('knows what the server last asked for, until the connection was stable', () => {
    const window = [3_000, 9_000] as const
    const asked: Input = {
      type: 'ended',
      epoch: 1,
      cause: { reason: 'restart' },
      rule: { reason: 'restart', delay: window, retryAfter: window },
    }
    const told = run(openState, [[asked, at(10_000)]])[0]
    const again = (epoch: number, now: number): (readonly [Input, Sample])[] => [
      [tick, at(now)],
      [{ type: 'prepared', epoch }, at(now)],
    ]
    const refused = run(told, [...again(2, 20_000), [ended(1006, 2), at(20_010)]])[0]
    const stable: (readonly [Input, Sample])[] = [
      [{ type: 'opened', epoch: 3 }, at(30_000)],
      [accepted(3), at(30_000)],
      [ended(1006, 3), at(40_000)],
    ]
    const lost = run(refused, [...again(3, 30_000), ...stable])[0]
    expect(told.tally.retryAfter).toBe(window)
    expect(refused.tally.retryAfter).toBe(window)
    expect(lost.tally.retryAfter).toBeUndefined()
  })

  it('is kept to three times; a server that asks on and on is dialed less and less', () => {
    const ends: number[] = []
    let state: State = openState
    for (let epoch = 1, now = 60_000; epoch <= 7; epoch++, now += 60_000) {
      // Anew each time, as it is when it is read from the reason of a close.
      const soon = [0, 500] as const
      const rule = { reason: 'restart', delay: soon, retryAfter: soon }
      const end: Input = { type: 'ended', epoch, cause: { reason: 'restart' }, rule }
      const [told] = step(state, end, policy, at(now, { random: 1 }))
      ends.push(deadlineOf(told)! - now)
      const redial: Input = { type: 'prepared', epoch: epoch + 1 }
      state = run(told, [
        [tick, at(now + 50_000)],
        [redial, at(now + 50_000)],
      ])[0]
    }
    expect(ends).toEqual([500, 500, 500, 4_000, 8_000, 16_000, 30_000])
  })
})

describe('a delay that the application gives', () => {
  const asking: Policy = { ...policy, asksDelay: true }
  const question = { failures: 1, cause: { reason: 'lost', code: 1006 } }

  it('is asked for by a step that changes nothing, and followed when the same input comes with it', () => {
    const short = { ...openState, openedAt: 60_000 } as State
    const busy = ended(1013)
    expect(step(opening, ended(1006), asking, at(100))).toEqual([opening, question])
    const answered = at(100, { customDelay: 42_000 })
    expect(step(opening, ended(1006), asking, answered)).toEqual([
      expect.objectContaining({ name: 'waiting', deadline: 42_100 }),
      'destroy',
      'diagnose',
    ])
    expect(deadlineOf(step(short, busy, asking, at(60_100, { customDelay: 1 }))[0])).toBe(70_100)
  })

  it('is the default one when the application gives none', () => {
    const [next] = step(opening, ended(1006), asking, at(100, { customDelay: NaN }))
    expect(next).toEqual(step(opening, ended(1006), policy, at(100))[0])
  })

  it('is cut short when the connection was replaced because it was in doubt', () => {
    const sample = at(60_000, { customDelay: 42_000 })
    expect(deadlineOf(step(openState, change, asking, sample)[0])).toBe(60_150)
  })

  it('is not asked for when the client gives up', () => {
    expect(step(openState, ended(4403), asking, at(100))[1]).toBe('destroy')
  })
})

describe('what a server asks for', () => {
  it('is kept to for an hour at most', () => {
    const retryAfter = [2 ** 53 - 1, 2 ** 53 - 1] as const
    const rule = { reason: 'restart', retryAfter }
    const asked: Input = { type: 'ended', epoch: 1, cause: { reason: 'restart' }, rule }
    const [next] = step(openState, asked, policy, at(60_000, { random: 1 }))
    expect(next).toMatchObject({
      name: 'waiting',
      deadline: 3_660_000,
      notBefore: 2_940_000,
      tally: { retryAfter: [2_880_000, 3_600_000] },
    })
  })

  it('wins over what its close code asks for', () => {
    const rule = { ...closeRule(1013), retryAfter: [0, 500] } as const
    const asked: Input = { type: 'ended', epoch: 1, cause: { reason: 'try-later' }, rule }
    const [next] = step(openState, asked, policy, at(60_000, { random: 1 }))
    expect(next).toMatchObject({ deadline: 60_500, notBefore: 60_000 })
  })
})

describe('the floor of the policy', () => {
  const reconnect: Input = { type: 'reconnect' }

  it('holds for connect() and reconnect(): they dial so long after the last dial at the earliest', () => {
    const lost = step(openState, ended(1006), policy, at(50))[0]
    const closed = step(openState, ended(4403), policy, at(50))[0]
    const cases: readonly (readonly [State, readonly Input[]])[] = [
      [lost, [connect, reconnect]],
      [closed, [connect, reconnect]],
      [closing, [connect, reconnect]],
      [openState, [reconnect]],
      [greeting, [reconnect]],
    ]
    for (const [state, inputs] of cases)
      for (const input of inputs) {
        const [next] = step(state, input, policy, at(60))
        expect(next).toMatchObject({ name: 'waiting', deadline: 110 })
        expect(step(next, input, policy, at(70))).toEqual([next])
        expect(step(next, tick, policy, at(110)).slice(1)).toEqual(['prepare'])
      }
  })

  it('lets go of the connection that is to be replaced at once', () => {
    expect(step(openState, reconnect, policy, at(60)).slice(1)).toEqual(['abandon'])
    expect(step(closing, connect, policy, at(60)).slice(1)).toEqual(['abandon'])
  })

  it('never makes a wait longer', () => {
    const soon = { ...waiting, deadline: 105 } as State
    expect(step(soon, reconnect, policy, at(100))).toEqual([soon])
  })

  it('does not hold for an attempt that was called off before it dialed', () => {
    const preparing = step(initialState, connect, policy, at(0))[0]
    const closed = step(preparing, stop, policy, at(1))[0]
    expect(step(closed, connect, policy, at(2)).slice(1)).toEqual(['prepare'])
  })

  it('is higher where the server asks for it, also after a fatal close or disconnect()', () => {
    const busy = step(openState, ended(1013), policy, at(20_000))[0]
    const stopped = step(busy, stop, policy, at(20_010))[0]
    const rule = { reason: 'kicked', action: 'fatal', delay: [10_000, 20_000] } as const
    const kicked = step(
      openState,
      { type: 'ended', epoch: 1, cause: { reason: 'kicked' }, rule },
      policy,
      at(20_000),
    )[0]
    for (const state of [busy, stopped, kicked]) {
      expect(deadlineOf(step(state, connect, policy, at(21_000))[0])).toBe(30_000)
      expect(step(state, connect, policy, at(30_000)).slice(1)).toEqual(['prepare'])
    }
  })

  it('is higher where a Retry-After asks for it', () => {
    const finding = { cause: { reason: 'rate-limited' }, delay: [60_000, 75_000] } as const
    const [told] = step(waiting, { type: 'diagnosed', epoch: 1, finding }, policy, at(200))
    expect(deadlineOf(step(told, reconnect, policy, at(300))[0])).toBe(60_200)
  })

  it('does not come with a new count: what has failed has failed', () => {
    const failed = { ...waiting, tally: { ...waiting.tally, attempts: 6 } } as State
    for (const input of [connect, reconnect])
      expect(step(failed, input, policy, at(9_000))[0]).toMatchObject({ tally: { attempts: 7 } })
  })

  it('does not make a failure of a connection that reconnect() replaces', () => {
    let state: State = openState
    for (let now = 1_000; now < 5_000; now += 1_000) {
      const [dialing] = step(state, reconnect, policy, at(now))
      expect(dialing).toMatchObject({ name: 'preparing', tally: { attempts: 1 } })
      state = { ...openState, epoch: dialing.epoch, tally: dialing.tally, openedAt: now } as State
    }
  })

  it('has a client that gave up make as many attempts again, with the delays that it had come to', () => {
    const failures: number[] = []
    const limited: Policy = { ...policy, maxAttempts: 3, asksDelay: true }
    let state: State = initialState
    for (let now = 0; now < 9_000_000 && failures.length < 6; now += 10_000) {
      state = step(state, state.name === 'waiting' ? tick : connect, limited, at(now))[0]
      const end = ended(1006, state.epoch)
      const [, question] = step(state, end, limited, at(now + 10))
      if (typeof question === 'object') failures.push(question.failures)
      state = step(state, end, limited, at(now + 10, { customDelay: 1_000 }))[0]
    }
    expect(failures).toEqual([1, 2, 4, 5, 7, 8])
    // disconnect() was no failure.
    const stopped = step(state, stop, limited, at(9_000_000))[0]
    expect(step(stopped, connect, limited, at(9_000_001))[0].tally).toMatchObject({
      attempts: 1,
      failures: 1,
    })
  })
})
