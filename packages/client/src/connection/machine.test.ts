import { describe, expect, it } from 'vitest'
import { deadlineOf, initialState, step } from './machine.ts'
import type { Command, Finding, Input, State } from './states.ts'
import {
  accepted,
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
  run,
  stop,
  tick,
  waiting,
  wake,
} from '../../test/support/machine.ts'

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

  const diagnosed = (finding: Finding, epoch = 1): Input => ({ type: 'diagnosed', epoch, finding })

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
