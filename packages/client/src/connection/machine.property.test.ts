import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Heartbeat } from './heartbeat.ts'
import { deadlineOf, initialState, step } from './machine.ts'
import type { Sample } from './sleep.ts'
import type { Command, Input, State } from './states.ts'
import {
  accepted,
  at,
  beat,
  change,
  connect,
  ended,
  policy,
  run,
  stop,
  tick,
  wake,
} from '../../test/support/machine.ts'

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
        return { type: kind, epoch, finding: { cause: { reason: 'rate-limited' }, delay: [0, 60_000] } }
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
