import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHeartbeat } from './heartbeat.ts'
import { deadlineOf, initialState, step } from './machine.ts'
import { isOverslept } from './sleep.ts'
import type { Moment } from './sleep.ts'
import type { Input, Policy, State } from './states.ts'
import type { Sample } from './sleep.ts'
import { pageEvents, signalOf } from './page.ts'
import type { Facts, PageEvent } from './page.ts'
import type { Signal } from './page.ts'

const seen: Facts = { isVisible: true, isRestored: false }
const unseen: Facts = { isVisible: false, isRestored: false }

describe('an event of the page', () => {
  const cases: readonly [PageEvent, Facts, Signal | undefined][] = [
    ['freeze', unseen, 'leave'],
    ['pagehide', seen, 'leave'],
    ['resume', unseen, 'change'],
    ['pageshow', seen, undefined],
    ['pageshow', { isVisible: false, isRestored: true }, 'change'],
    ['visibilitychange', seen, 'wake'],
    ['visibilitychange', unseen, undefined],
    ['focus', seen, 'wake'],
    ['focus', unseen, undefined],
    ['online', unseen, 'change'],
    ['offline', seen, 'offline'],
  ]

  it.each(cases)('%s with %o says: %s', (event, facts, signal) => {
    expect(signalOf(event, facts)).toBe(signal)
  })
})

describe('a page that goes through anything', () => {
  const policy: Policy = {
    attemptTimeout: 10_000,
    minUptime: 5_000,
    maxAttempts: Infinity,
    minDelay: 100,
    baseDelay: 1_000,
    heartbeat: undefined,
    delay: (_failures, _cause, hint, random) => (hint?.[0] ?? 0) + 1_000 * random,
  }
  const beating: Policy = { ...policy, heartbeat: createHeartbeat({ interval: 25_000, timeout: 10_000 }) }
  const inputs: Readonly<Record<Signal, Input>> = {
    wake: { type: 'wake', doubtful: false },
    change: { type: 'wake', doubtful: true },
    offline: { type: 'doubt' },
    leave: { type: 'leave' },
    blocked: { type: 'doubt' },
  }

  /** A page with a client on it, and a server that takes every dial and answers every probe. */
  const createWorld = (rules: Policy) => {
    let state: State = initialState
    let moment: Moment = { now: 0, wall: 1_700_000_000_000 }
    let heardAt = 0
    let opened = 0
    let dialing = 0

    const input = (next: Input): void => {
      const sample: Sample = { ...moment, random: 0.5, heardAt }
      const [reached, ...commands] = step(state, next, rules, sample)
      state = reached
      for (const command of commands) {
        if (command === 'dial') dialing++
        if (command === 'abandon' || command === 'destroy') dialing = 0
        if (dialing > 1) throw new Error('two sockets at once')
        if (command === 'announce') opened++
        if (command === 'probe') {
          heardAt = moment.now
          input({ type: 'heard', epoch: state.epoch })
        }
      }
    }
    const pass = (time: number, sleep = 0): void => {
      const before = moment
      moment = { now: before.now + time, wall: before.wall + time + sleep }
      const overslept = isOverslept(before, moment, deadlineOf(state))
      input({ type: 'tick' })
      if (overslept) input({ type: 'wake', doubtful: true })
    }
    return {
      happen(event: PageEvent | 'sleep' | 'set back', facts: Facts) {
        if (event === 'sleep') return pass(0, 600_000)
        if (event === 'set back') return pass(0, -3_600_000)
        const signal = signalOf(event, facts)
        if (signal) input(inputs[signal])
      },
      wait: (time: number) => pass(time),
      connect: () => input({ type: 'connect' }),
      /** Lets the attempt that is under way come through. */
      settle() {
        for (let round = 0; round < 20 && state.name !== 'open'; round++) {
          const { epoch } = state
          if (state.name === 'preparing') input({ type: 'prepared', epoch })
          else if (state.name === 'opening') input({ type: 'opened', epoch })
          else if (state.name === 'greeting') input({ type: 'greeted', epoch })
          else pass(Math.max(deadlineOf(state)! - moment.now, 0))
        }
      },
      get state() {
        return state
      },
      get opened() {
        return opened
      },
    }
  }

  const happenings = [...pageEvents, 'sleep', 'set back'] as const
  const steps = fc.array(
    fc.record({
      event: fc.constantFrom(...happenings),
      isVisible: fc.boolean(),
      isRestored: fc.boolean(),
      settles: fc.boolean(),
    }),
    { maxLength: 30 },
  )

  it('has one open socket in the end, whatever order, however often', () => {
    fc.assert(
      fc.property(steps, fc.boolean(), (events, beats) => {
        const world = createWorld(beats ? beating : policy)
        world.connect()
        for (const { event, settles, ...facts } of events) {
          world.happen(event, facts)
          if (settles) world.settle()
        }
        world.settle()
        return world.state.name === 'open'
      }),
    )
  })

  it('comes to the same end by every order of the same events', () => {
    const all = happenings.map((event) => ({ event, facts: seen }))
    const end = (order: typeof all, rules: Policy): string => {
      const world = createWorld(rules)
      world.connect()
      world.settle()
      for (const { event, facts } of order) world.happen(event, facts)
      world.settle()
      // Once it has been open for as long as it takes to be stable, nothing of the past counts.
      world.wait(10_000)
      world.happen('pagehide', seen)
      return JSON.stringify([world.state.name, world.state.tally])
    }
    for (const rules of [policy, beating]) {
      const expected = end(all, rules)
      expect(expected).toContain('waiting')
      fc.assert(
        fc.property(
          fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2, maxLength: all.length * 2 }),
          (order) => end(order, rules) === expected,
        ),
      )
    }
  })

  it('keeps its socket through everything that only looks like a change, if its server answers', () => {
    const harmless = fc.array(
      fc.constantFrom('visibilitychange', 'focus', 'online', 'offline', 'sleep', 'set back'),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(harmless, (events) => {
        const world = createWorld(beating)
        world.connect()
        world.settle()
        for (const event of events) world.happen(event, seen)
        expect([world.state.name, world.opened]).toEqual(['open', 1])
      }),
    )
  })
})
