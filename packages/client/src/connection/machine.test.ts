import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { closeRule } from '@holdfast/protocol'
import { backoffWindow, pickBackoff } from './backoff.ts'
import { createHeartbeat } from './heartbeat.ts'
import type { Heartbeat } from './heartbeat.ts'
import { discoveryOf } from './finding.ts'
import { deadlineOf, initialState, step } from './machine.ts'
import { isOverslept, slept } from './sleep.ts'
import type { Command, DelayQuestion, Finding, Input, Policy, State } from './states.ts'
import type { Sample } from './sleep.ts'

const policy: Policy = {
  attemptTimeout: 10_000,
  minUptime: 5_000,
  maxAttempts: Infinity,
  minDelay: 100,
  baseDelay: 1_000,
  maxDelay: 30_000,
  maxHiddenDelay: 120_000,
  delay: pickBackoff,
  asksDelay: false,
}
const beat = createHeartbeat({ interval: 25_000, timeout: 10_000 })

const at = (now: number, more: Partial<Sample> = {}): Sample => ({
  now,
  wall: now + 1_700_000_000_000,
  random: 0.5,
  heardAt: 0,
  ...more,
})

/** Runs inputs one after the other and collects what was commanded. */
function run(from: State, inputs: readonly (readonly [Input, Sample])[], rules = policy): [State, Command[]] {
  let state = from
  const commands: Command[] = []
  for (const [input, sample] of inputs) {
    const [next, ...more] = step(state, input, rules, sample)
    state = next
    commands.push(...more)
  }
  return [state, commands]
}

const connect: Input = { type: 'connect' }
const tick: Input = { type: 'tick' }
const wake: Input = { type: 'wake', doubtful: false }
const change: Input = { type: 'wake', doubtful: true }
const stop: Input = { type: 'stop', cause: { reason: 'disconnect' }, graceful: true }
const accepted = (epoch = 1, heartbeat?: Heartbeat): Input => ({
  type: 'accepted',
  epoch,
  facts: { heartbeat, resumption: { resumed: false, replayed: 0 } },
  protocol: '',
})
const ended = (code: number, epoch = 1): Input => {
  const rule = closeRule(code)
  return { type: 'ended', epoch, cause: { reason: rule.reason, code }, rule }
}

const opening = run(initialState, [
  [connect, at(0)],
  [{ type: 'prepared', epoch: 1 }, at(10)],
])[0]
const greeting = run(opening, [[{ type: 'opened', epoch: 1 }, at(20)]])[0]
const openState = run(greeting, [[accepted(), at(30)]])[0]
const openBeating = run(greeting, [[accepted(1, beat), at(30)]])[0]
const waiting = run(opening, [[ended(1006), at(100)]])[0]
const closing = run(openState, [[stop, at(100)]])[0]

describe('an attempt', () => {
  it('goes from preparing over opening and greeting to open, with one deadline for all of it', () => {
    const [state, commands] = run(initialState, [
      [connect, at(0)],
      [{ type: 'prepared', epoch: 1 }, at(10)],
      [{ type: 'opened', epoch: 1 }, at(20)],
    ])
    expect(state).toMatchObject({ name: 'greeting', epoch: 1, startedAt: 0, deadline: 10_000 })
    expect(commands).toEqual(['prepare', 'dial', 'greet'])
    expect(run(state, [[accepted(), at(30)]])).toEqual([
      expect.objectContaining({
        name: 'open',
        startedAt: 0,
        openedAt: 30,
        watch: { phase: 'quiet', deadline: 30_030 },
      }),
      ['announce'],
    ])
  })

  it.each(['preparing', 'opening', 'greeting'] as const)(
    'fails when its deadline passes while %s',
    (name) => {
      const state = { ...opening, name } as State
      expect(step(state, tick, policy, at(9_999))).toEqual([state])
      const [next, ...commands] = step(state, tick, policy, at(10_000))
      expect(next).toMatchObject({ name: 'waiting', cause: { reason: 'timeout' } })
      expect(commands[0]).toBe('destroy')
    },
  )

  it('that its socket reports to have failed ends a moment later, if no close comes first', () => {
    const failure = { reason: 'unreachable' }
    const [failed] = step(opening, { type: 'failed', epoch: 1, failure }, policy, at(50))
    expect(failed).toMatchObject({ name: 'opening', deadline: 150 })
    expect(step(failed, tick, policy, at(150))[0]).toMatchObject({ name: 'waiting', cause: failure })
    expect(step(failed, ended(1006), policy, at(50))[0]).toMatchObject({ cause: { code: 1006 } })
    expect(step(openState, { type: 'failed', epoch: 1, failure }, policy, at(50))).toEqual([openState])
  })

  it('gets 20 and then 30 seconds after attempts that timed out', () => {
    let state: State = step(initialState, connect, policy, at(0))[0]
    const lengths: number[] = []
    for (let round = 0; round < 4; round++) {
      const { startedAt, deadline } = state as Extract<State, { name: 'preparing' }>
      lengths.push(deadline - startedAt)
      state = step(state, tick, policy, at(deadline))[0]
      state = step(state, tick, policy, at(deadlineOf(state)!))[0]
    }
    expect(lengths).toEqual([10_000, 20_000, 30_000, 30_000])
  })

  it('ignores answers to questions of another state', () => {
    for (const type of ['prepared', 'opened', 'heard'] as const)
      expect(step(waiting, { type, epoch: 1 }, policy, at(200))).toEqual([waiting])
    expect(step(waiting, accepted(), policy, at(200))).toEqual([waiting])
    expect(step(opening, connect, policy, at(200))).toEqual([opening])
    expect(step(initialState, ended(1006, 0), policy, at(0))).toEqual([initialState])
  })
})

describe('reconnect or not', () => {
  it('waits and dials again when the path is lost', () => {
    const [next, ...commands] = step(openState, ended(1006), policy, at(60_000))
    expect(next).toMatchObject({ name: 'waiting', deadline: 60_550, cause: { reason: 'lost', code: 1006 } })
    expect(commands).toEqual(['destroy'])
    expect(step(next, tick, policy, at(60_549))).toEqual([next])
    expect(step(next, tick, policy, at(60_550))).toEqual([
      expect.objectContaining({ name: 'preparing', epoch: 2, cause: { reason: 'lost', code: 1006 } }),
      'prepare',
    ])
  })

  it('closes for good on a fatal code', () => {
    expect(step(openState, ended(4403), policy, at(60_000))).toEqual([
      expect.objectContaining({ name: 'closed', fatal: true, cause: { reason: 'forbidden', code: 4403 } }),
      'destroy',
    ])
  })

  it('asks for a fresh token once, and gives up when that is refused as well', () => {
    const [second] = run(openState, [
      [ended(4401), at(1_000)],
      [tick, at(9_000)],
    ])
    expect(second.tally).toMatchObject({ refresh: true, attempts: 2 })
    expect(step(second, ended(4401, 2), policy, at(9_100))[0]).toMatchObject({ name: 'closed', fatal: true })
    expect(step(second, ended(1006, 2), policy, at(9_100))[0]).toMatchObject({
      name: 'waiting',
      tally: { refresh: true },
    })
  })

  it('refreshes again after the connection was stable', () => {
    const refreshed = { ...openState, tally: { ...openState.tally, refresh: true } } as State
    expect(step(refreshed, ended(4401), policy, at(5_030))[0].name).toBe('waiting')
    expect(step(refreshed, ended(4401), policy, at(5_029))[0].name).toBe('closed')
  })

  it('retries a protocol error three times', () => {
    let state: State = openState
    const names: string[] = []
    for (let round = 0; round < 4; round++) {
      state = step(state, ended(1002, state.epoch), policy, at(1_000))[0]
      names.push(state.name)
      if (state.name === 'waiting') state = { ...openState, epoch: state.epoch, tally: state.tally }
    }
    expect(names).toEqual(['waiting', 'waiting', 'waiting', 'closed'])
  })

  it('gives up after maxAttempts attempts without a stable connection', () => {
    const limited = { ...policy, maxAttempts: 2 }
    const [second] = run(
      opening,
      [
        [ended(1006), at(100)],
        [tick, at(9_000)],
      ],
      limited,
    )
    expect(second).toMatchObject({ name: 'preparing', tally: { attempts: 2 } })
    expect(step(second, ended(1006, 2), limited, at(9_100))[0]).toMatchObject({ name: 'closed', fatal: true })
  })

  it('forgets failed attempts only after minUptime, not when the socket opens', () => {
    expect(step(openState, ended(1006), policy, at(5_029))[0].tally.attempts).toBe(1)
    expect(step(openState, ended(1006), policy, at(5_030))[0].tally.attempts).toBe(0)
  })
})

/** A connection that was confirmed as the attempt of that number, after so many failed ones. */
const openAfter = (attempts: number, openedAt: number): State =>
  ({
    ...openState,
    openedAt,
    startedAt: openedAt,
    tally: { ...openState.tally, attempts, failures: attempts },
  }) as State

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

describe('what the application asks for', () => {
  it('connect() dials from idle, waiting, closing and closed, and changes nothing else', () => {
    const closed = step(openState, ended(4403), policy, at(60_000))[0]
    expect(step(closed, connect, policy, at(70_000))).toEqual([
      expect.objectContaining({
        name: 'preparing',
        epoch: 2,
        tally: expect.objectContaining({ attempts: 1 }),
      }),
      'prepare',
    ])
    expect(step(closing, connect, policy, at(200)).slice(1)).toEqual(['abandon', 'prepare'])
    expect(step(waiting, connect, policy, at(200)).slice(1)).toEqual(['prepare'])
    for (const state of [opening, greeting, openState])
      expect(step(state, connect, policy, at(200))).toEqual([state])
  })

  it('reconnect() replaces a socket at once and cuts a wait short, but does not ask for a token twice', () => {
    expect(step(openState, { type: 'reconnect' }, policy, at(110))).toEqual([
      expect.objectContaining({ name: 'preparing', epoch: 2, cause: { reason: 'reconnect' } }),
      'abandon',
      'prepare',
    ])
    expect(step(waiting, { type: 'reconnect' }, policy, at(110)).slice(1)).toEqual(['prepare'])
    const preparing = step(initialState, connect, policy, at(0))[0]
    expect(step(preparing, { type: 'reconnect' }, policy, at(110))).toEqual([preparing])
  })

  it('disconnect() closes an open socket and waits for it, but not for long', () => {
    expect(step(openState, stop, policy, at(100))).toEqual([
      expect.objectContaining({ name: 'closing', deadline: 2_100 }),
      'close',
    ])
    expect(step(closing, ended(1000), policy, at(200))).toEqual([
      expect.objectContaining({ name: 'closed', fatal: false, cause: { reason: 'disconnect' } }),
      'destroy',
    ])
    expect(step(closing, tick, policy, at(2_100)).slice(1)).toEqual(['destroy'])
    expect(step(closing, stop, policy, at(200))).toEqual([closing])
  })

  it('disconnect() closes at once where there is nothing to wait for', () => {
    for (const state of [initialState, opening, waiting])
      expect(step(state, stop, policy, at(200))).toEqual([
        expect.objectContaining({ name: 'closed' }),
        'abandon',
      ])
  })

  it('dispose() waits for nothing', () => {
    const dispose: Input = { type: 'stop', cause: { reason: 'dispose' }, graceful: false }
    const closed = step(openState, ended(4403), policy, at(50))[0]
    for (const state of [initialState, opening, greeting, openState, waiting, closing, closed])
      expect(step(state, dispose, policy, at(200))).toEqual([
        expect.objectContaining({ name: 'closed', cause: { reason: 'dispose' } }),
        'abandon',
      ])
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
    const [told] = step(
      waiting,
      { type: 'diagnosed', epoch: 1, discovery: discoveryOf(finding) },
      policy,
      at(200),
    )
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

describe('a page that is left', () => {
  const leave: Input = { type: 'leave' }

  it('closes its socket, and dials at once when it is back', () => {
    const [left, ...commands] = step(openState, leave, policy, at(60_000))
    expect(left).toMatchObject({ name: 'waiting', cause: { reason: 'left' } })
    expect(commands).toEqual(['abandon'])
    const back = step(left, change, policy, at(60_001))[0]
    expect(deadlineOf(back)).toBe(60_001)
    expect(step(back, tick, policy, at(60_001)).slice(1)).toEqual(['prepare'])
  })

  it('gives up an attempt', () => {
    const preparing = step(initialState, connect, policy, at(0))[0]
    for (const state of [preparing, opening, greeting])
      expect(step(state, leave, policy, at(100))).toEqual([
        expect.objectContaining({ name: 'waiting', tally: expect.objectContaining({ attempts: 0 }) }),
        'abandon',
      ])
  })

  it('does not wait for the peer to close', () => {
    expect(step(closing, leave, policy, at(200))).toEqual([
      expect.objectContaining({ name: 'closed', cause: { reason: 'disconnect' } }),
      'abandon',
    ])
  })

  it('is there after all, if its timers run', () => {
    const [left] = step(openState, leave, policy, at(60_000))
    expect(deadlineOf(left)).toBe(61_000)
    expect(step(left, tick, policy, at(61_000)).slice(1)).toEqual(['prepare'])
  })

  it('was no failure: however often it is left, no limit of attempts is reached', () => {
    const limited = { ...policy, maxAttempts: 1 }
    let state: State = openState
    for (let now = 1_000; now < 20_000; now += 1_000) {
      const [left] = step(state, leave, limited, at(now))
      const [dialing] = step(step(left, change, limited, at(now))[0], tick, limited, at(now))
      state = { ...openState, epoch: dialing.epoch, tally: dialing.tally }
      expect(dialing).toMatchObject({ name: 'preparing', tally: { attempts: 1 } })
    }
  })

  it('changes nothing where there is nothing to let go of', () => {
    const closed = step(openState, ended(4403), policy, at(60_000))[0]
    for (const state of [initialState, waiting, closed])
      expect(step(state, leave, policy, at(70_000))).toEqual([state])
  })
})

describe('attempts that open no socket', () => {
  it('are looked into, and others are not', () => {
    const commandsOf = (state: State, input: Input, now: number): Command[] =>
      run(state, [[input, at(now)]])[1]
    for (const [input, now] of [
      [ended(1006), 100],
      [tick, 10_000],
    ] as const) {
      expect(commandsOf(opening, input, now)).toEqual(['destroy', 'diagnose'])
      for (const name of ['preparing', 'greeting'] as const)
        expect(commandsOf({ ...opening, name } as State, input, now)).toEqual(['destroy'])
    }
    expect(commandsOf(openState, ended(1006), 100)).toEqual(['destroy'])
  })

  const diagnosed = (finding: Finding, epoch = 1): Input => ({
    type: 'diagnosed',
    epoch,
    discovery: discoveryOf(finding),
  })

  it('get the cause that was found out', () => {
    const [known] = step(waiting, diagnosed({ cause: { reason: 'forbidden', status: 403 } }), policy, at(200))
    expect(known).toEqual({
      ...waiting,
      tally: expect.anything(),
      cause: { reason: 'forbidden', status: 403, code: 1006 },
    })
    expect(step(waiting, diagnosed({ cause: { reason: 'forbidden' } }, 0), policy, at(200))).toEqual([
      waiting,
    ])
    expect(step(openState, diagnosed({ cause: { reason: 'forbidden' } }), policy, at(200))).toEqual([
      openState,
    ])
  })

  it('are followed by one with a fresh token, when that is what is wrong', () => {
    const [known] = step(
      waiting,
      diagnosed({ cause: { reason: 'unauthorized' }, refresh: true }),
      policy,
      at(200),
    )
    expect(known.tally.refresh).toBe(true)
    const [dialing] = step(known, tick, policy, at(9_000))
    expect(step({ ...dialing, name: 'opening' } as State, ended(1006, 2), policy, at(9_100))[0].name).toBe(
      'waiting',
    )
  })

  it('keep to what came out while the next one was under way, once that has failed as well', () => {
    const finding: Finding = { cause: { reason: 'rate-limited' }, delay: [60_000, 75_000], refresh: true }
    const preparing = step(waiting, tick, policy, at(9_000))[0]
    const dialing = step(preparing, { type: 'prepared', epoch: 2 }, policy, at(9_010))[0]
    const prepared: Input = { type: 'prepared', epoch: 2 }
    for (const [from, inputs] of [
      [preparing, [prepared]],
      [dialing, []],
    ] as const) {
      const [told] = run(from, [
        [diagnosed(finding, 2), at(9_020)],
        ...inputs.map((input) => [input, at(9_030)] as const),
        [ended(1006, 2), at(10_000)],
      ])
      expect(told).toMatchObject({
        name: 'waiting',
        notBefore: 70_000,
        tally: { refresh: true },
        cause: { reason: 'rate-limited', code: 1006 },
      })
    }
    const [opened] = run(dialing, [
      [diagnosed(finding, 2), at(9_020)],
      [{ type: 'opened', epoch: 2 }, at(9_030)],
      [ended(1006, 2), at(10_000)],
    ])
    expect(opened).toMatchObject({ cause: { reason: 'lost' }, tally: { refresh: false } })
  })

  it('wait for as long as the server wishes, also when somebody looks', () => {
    const [told] = step(
      waiting,
      diagnosed({ cause: { reason: 'rate-limited' }, delay: [60_000, 75_000] }),
      policy,
      at(200),
    )
    expect(deadlineOf(told)).toBe(67_700)
    expect(deadlineOf(step(told, change, policy, at(300))[0])).toBe(60_350)
    expect(told.tally.retryAfter).toEqual([60_000, 75_000])
    const [soon] = step(
      told,
      diagnosed({ cause: { reason: 'rate-limited' }, delay: [1_000, 1_000] }),
      policy,
      at(200),
    )
    expect(deadlineOf(soon)).toBe(67_700)
  })

  it.each([
    [[NaN, NaN]],
    [[NaN, 5_000]],
    [[1_000, NaN]],
    [[-1, 5_000]],
    [[5_000, 1_000]],
    [[0, Infinity]],
    [5_000],
    [null],
  ])('go on as before, for the cause that was found out, when the delay is %j', (delay) => {
    const finding = { cause: { reason: 'rate-limited' }, delay } as unknown as Finding
    const [told] = step(waiting, diagnosed(finding), policy, at(200))
    expect(told).toEqual({ ...waiting, cause: { reason: 'rate-limited', code: 1006 } })
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

describe('the watch over an open connection', () => {
  const probing = step(openBeating, tick, policy, at(25_030))[0]

  it('asks after the interval, and gives the connection up when there is no answer', () => {
    expect(deadlineOf(openBeating)).toBe(25_030)
    expect(probing).toMatchObject({ name: 'open', watch: { phase: 'probing', deadline: 35_030 } })
    const judging = step(probing, tick, policy, at(35_031))[0]
    expect(judging).toMatchObject({ name: 'open', watch: { phase: 'judging', deadline: 35_031 } })
    expect(step(judging, tick, policy, at(35_032))).toEqual([
      expect.objectContaining({ name: 'waiting', cause: { reason: 'silent' } }),
      'destroy',
    ])
  })

  it('is quiet again after any sign of life, even at the last moment', () => {
    const judging = step(probing, tick, policy, at(35_031))[0]
    for (const state of [probing, judging])
      expect(step(state, { type: 'heard', epoch: 1 }, policy, at(35_032))[0]).toMatchObject({
        watch: { phase: 'quiet', deadline: 60_032 },
      })
  })

  it('is put off by what was heard in the meantime', () => {
    expect(step(openBeating, tick, policy, at(25_030, { heardAt: 20_000 }))).toEqual([
      expect.objectContaining({ watch: { phase: 'quiet', deadline: 45_000 } }),
    ])
  })

  it('only looks at the clocks now and then without a heartbeat', () => {
    expect(deadlineOf(openState)).toBe(30_030)
    const [later, ...commands] = step(openState, tick, policy, at(30_040))
    expect(later).toEqual({ ...openState, watch: { phase: 'quiet', deadline: 60_040 } })
    expect(commands).toEqual([])
  })
})

describe('a socket that is past open without having said so', () => {
  const inputs: Input[] = [tick, wake, change, { type: 'probe' }, connect]

  it.each(inputs)('is dead at once when it has closed: %o', (input) => {
    const dead = at(100, { readyState: 3 })
    const steps = [input, tick].map((each) => [each, dead] as const)
    const [next, commands] = run(openBeating, steps)
    expect(next).toMatchObject({ name: 'waiting', cause: { reason: 'lost' } })
    expect(commands.at(-1)).toBe('destroy')
  })

  it.each([openState, openBeating, greeting])(
    'has a moment to bring its code while it is closing: %o',
    (state) => {
      const [lapsing] = step(state, tick, policy, at(100, { readyState: 2 }))
      expect(deadlineOf(lapsing)).toBe(2_100)
      // Further writes put nothing off.
      expect(step(lapsing, tick, policy, at(200, { readyState: 2 }))).toEqual([lapsing])
      expect(step(lapsing, ended(1012), policy, at(300))[0]).toMatchObject({ cause: { code: 1012 } })
      const [next, ...commands] = step(lapsing, tick, policy, at(2_100, { readyState: 2 }))
      expect(next).toMatchObject({ name: 'waiting', cause: { reason: 'lost' } })
      expect(commands).toEqual(['destroy'])
    },
  )

  it('is still replaced at once by what replaces an open one', () => {
    const sample = at(100, { readyState: 2 })
    expect(step(openState, change, policy, sample)[0]).toMatchObject({
      name: 'waiting',
      cause: { reason: 'change' },
    })
    expect(step(openState, { type: 'reconnect' }, policy, sample)[1]).toBe('abandon')
    expect(step(openState, stop, policy, at(100, { readyState: 3 }))[1]).toBe('close')
  })

  it('fails an attempt as well', () => {
    const dead = at(100, { readyState: 3 })
    const [next] = run(
      opening,
      [wake, tick].map((each) => [each, dead] as const),
    )
    expect(next).toMatchObject({ name: 'waiting', cause: { reason: 'lost' } })
  })

  it("is nobody's business where there is no connection", () => {
    for (const state of [initialState, waiting, closing])
      expect(step(state, tick, policy, at(200, { readyState: 3 }))).toEqual([state])
  })
})

describe('whatever happens in whatever order', () => {
  const codes = [1000, 1002, 1006, 1008, 1009, 1012, 1013, 4000, 4401, 4403, 4429]
  const epochShift = fc.constantFrom(0, 0, 0, 0, -1, 1)
  const event = fc.record({
    delta: fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 90_000 })),
    sleep: fc.constantFrom(0, 0, 0, 60_000),
    random: fc.double({ min: 0, max: 0.999, noNaN: true }),
    heard: fc.boolean(),
    shift: epochShift,
    kind: fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom('connect', 'prepared', 'opened', 'accepted', 'tick', 'deadline', 'failed'),
      },
      { weight: 2, arbitrary: fc.constantFrom('wake', 'change', 'probe', 'heard', 'reconnect') },
      { weight: 1, arbitrary: fc.constantFrom('leave', 'diagnosed') },
      { weight: 2, arbitrary: fc.constantFrom(...codes) },
      { weight: 1, arbitrary: fc.constantFrom('disconnect', 'dispose') },
    ),
  })
  type Event = typeof event extends fc.Arbitrary<infer T> ? T : never

  const inputOf = ({ kind, shift }: Event, state: State, heartbeat?: Heartbeat): Input => {
    const epoch = state.epoch + shift
    if (typeof kind === 'number') return ended(kind, epoch)
    switch (kind) {
      case 'prepared':
      case 'opened':
      case 'heard':
        return { type: kind, epoch }
      case 'accepted':
        return accepted(epoch, heartbeat)
      case 'failed':
        return { type: kind, epoch, failure: { reason: 'unreachable' } }
      case 'connect':
      case 'reconnect':
      case 'tick':
      case 'probe':
      case 'leave':
        return { type: kind }
      case 'diagnosed':
        return {
          type: kind,
          epoch,
          discovery: discoveryOf({ cause: { reason: 'rate-limited' }, delay: [0, 60_000] }),
        }
      case 'wake':
        return wake
      case 'change':
        return change
      case 'disconnect':
        return stop
      case 'dispose':
        return { type: 'stop', cause: { reason: 'dispose' }, graceful: false }
      case 'deadline':
        return tick
    }
  }

  /** Plays events and shows every step to `check`. */
  const play = (
    events: readonly Event[],
    heartbeat: Heartbeat | undefined,
    check: (before: State, input: Input, after: State, commands: readonly Command[], sample: Sample) => void,
  ): [State, Sample] => {
    let state = initialState
    let sample = at(0)
    for (const item of events) {
      const now = item.kind === 'deadline' ? (deadlineOf(state) ?? sample.now) : sample.now + item.delta
      sample = {
        now: Math.max(now, sample.now),
        wall: sample.wall + Math.max(now - sample.now, 0) + item.sleep,
        random: item.random,
        heardAt: item.heard ? sample.now : sample.heardAt,
      }
      const input = inputOf(item, state, heartbeat)
      const [next, ...commands] = step(state, input, policy, sample)
      check(state, input, next, commands, sample)
      state = next
    }
    return [state, sample]
  }

  const always = (check: Parameters<typeof play>[2], extra?: (end: State, sample: Sample) => void): void =>
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), fc.boolean(), (events, beats) => {
        const [state, sample] = play(events, beats ? beat : undefined, check)
        extra?.(state, sample)
      }),
    )

  it('inputs of dead attempts change nothing, and epochs never fall', () => {
    always((before, input, after, commands) => {
      expect(after.epoch).toBeGreaterThanOrEqual(before.epoch)
      if ('epoch' in input && input.epoch !== before.epoch) {
        expect(after).toBe(before)
        expect(commands).toEqual([])
      }
    })
  })

  it('there is at most one live socket, and none in a state that has none', () => {
    const sockets = new Map<State, boolean>()
    always((before, _input, after, commands) => {
      let live = before === initialState ? false : (sockets.get(before) ?? false)
      for (const command of commands) {
        if (command === 'dial') {
          expect(live).toBe(false)
          live = true
        }
        if (command === 'abandon' || command === 'destroy') live = false
      }
      expect(live).toBe(['opening', 'greeting', 'open', 'closing'].includes(after.name))
      sockets.set(after, live)
    })
  })

  it('no two dials are closer than the floor, whatever the application and the platform do', () => {
    let dialedAt = -Infinity
    always((before, _input, _after, commands, { now }) => {
      if (before === initialState) dialedAt = -Infinity
      if (!commands.includes('dial')) return
      expect(now - dialedAt).toBeGreaterThanOrEqual(100)
      dialedAt = now
    })
  })

  it('every state that waits for something has a deadline, and no other has', () => {
    always((_before, _input, after, _commands, sample) => {
      const deadline = deadlineOf(after)
      if (after.name === 'idle' || after.name === 'closed') expect(deadline).toBeUndefined()
      else expect(deadline).toBeLessThanOrEqual(sample.now + 90_000)
    })
  })

  it('a tick at the deadline leads on, and never round in circles', () => {
    always(
      () => {},
      (end, sample) => {
        let state = end
        let now = sample.now
        for (let round = 0; round < 4; round++) {
          const deadline = deadlineOf(state)
          if (deadline === undefined || (state.name === 'open' && !state.watch)) return
          now = Math.max(now, deadline)
          const next = step(state, tick, policy, { ...sample, now, wall: sample.wall + now - sample.now })[0]
          expect(next).not.toBe(state)
          if (next.name !== state.name) return
          state = next
        }
        expect.fail(`still ${state.name}`)
      },
    )
  })

  it('hints of the platform commute', () => {
    const hints = [wake, change, { type: 'probe' } as const]
    const orders = [
      hints,
      [hints[1], hints[0], hints[2]],
      [hints[2], hints[1], hints[0]],
      [...hints, ...hints],
    ]
    always(
      () => {},
      (state, sample) => {
        const [first, ...others] = orders.map(
          (order) =>
            run(
              state,
              order.map((hint) => [hint!, sample] as const),
            )[0],
        )
        for (const other of others) expect(other).toEqual(first)
      },
    )
  })

  it('it only closes for good when it was told to or the server said so', () => {
    always((before, input, after) => {
      if (after.name === 'closed' && before.name !== 'closed' && after.fatal)
        expect(input).toMatchObject({
          type: 'ended',
          rule: expect.toSatisfy((rule) => rule.action ?? rule.limit),
        })
    })
  })

  it('it goes on for as long as the server is away, in whatever way that shows', () => {
    const steps: readonly Input['type'][] = ['prepared', 'opened', 'accepted']
    for (const reached of [0, 1, 2, 3])
      for (const code of ['timeout', 1000, 1001, 1005, 1006, 1011, 1012, 1013, 4408, 4429, 4503] as const) {
        let state = initialState
        let now = 0
        for (let round = 0; round < 300; round++) {
          state = step(state, round === 0 ? connect : tick, policy, at(now))[0]
          expect(state).toMatchObject({ name: 'preparing', epoch: round + 1 })
          const { epoch } = state
          for (const type of steps.slice(0, reached))
            state = step(
              state,
              type === 'accepted' ? accepted(epoch) : ({ type, epoch } as Input),
              policy,
              at(now),
            )[0]
          if (code === 'timeout' && reached < 3) now = deadlineOf(state)!
          state = step(
            state,
            code === 'timeout' && reached < 3 ? tick : ended(code === 'timeout' ? 1006 : code, epoch),
            policy,
            at(now),
          )[0]
          now = deadlineOf(state)!
        }
      }
  })

  it('liveness: when faults stop, it is open after a bounded time', () => {
    always(
      () => {},
      (end, sample) => {
        let state = end
        let now = sample.now
        if (state.name === 'idle' || state.name === 'closed' || state.name === 'closing') return
        for (let round = 0; round < 12 && state.name !== 'open'; round++) {
          const { epoch, name }: State = state
          now = Math.max(now, name === 'waiting' ? deadlineOf(state)! : now)
          const input: Input =
            name === 'preparing'
              ? { type: 'prepared', epoch }
              : name === 'opening'
                ? { type: 'opened', epoch }
                : name === 'greeting'
                  ? accepted(epoch)
                  : tick
          state = step(state, input, policy, { ...sample, now })[0]
        }
        expect(state.name).toBe('open')
        expect(now - sample.now).toBeLessThan(70_000)
      },
    )
  })
})
