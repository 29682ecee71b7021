import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pickBackoff } from '../connection/backoff.ts'
import { createHeartbeat } from '../connection/heartbeat.ts'
import type { Heartbeat } from '../connection/heartbeat.ts'
import { deadlineOf, initialState, step } from '../connection/machine.ts'
import { isOverslept } from '../connection/sleep.ts'
import type { Moment } from '../connection/sleep.ts'
import type { Input, Policy, State } from '../connection/states.ts'
import type { Sample } from '../connection/sleep.ts'
import { signalOf, signalsOfEvents } from './page.ts'
import type { PageEvent } from './page.ts'
import type { Signal } from './page.ts'

const violation = {
  type: 'securitypolicyviolation',
  effectiveDirective: 'connect-src',
  disposition: 'enforce',
} as const

describe('an event of the page', () => {
  const cases: readonly [PageEvent, isVisible: boolean, Signal | undefined][] = [
    [{ type: 'freeze' }, false, 'leave'],
    [{ type: 'pagehide' }, true, 'leave'],
    [{ type: 'resume' }, false, 'change'],
    [{ type: 'pageshow', persisted: false }, true, undefined],
    [{ type: 'pageshow', persisted: true }, false, 'change'],
    [{ type: 'visibilitychange' }, true, 'wake'],
    [{ type: 'visibilitychange' }, false, undefined],
    [{ type: 'focus' }, true, 'wake'],
    [{ type: 'focus' }, false, undefined],
    [{ type: 'online' }, false, 'change'],
    [{ type: 'offline' }, true, 'offline'],
    [violation, false, 'blocked'],
    [{ ...violation, effectiveDirective: 'img-src' }, true, undefined],
    [{ ...violation, disposition: 'report' }, true, undefined],
  ]

  it.each(cases)('%o, visible: %s, says: %s', (event, isVisible, signal) => {
    expect(signalOf(event, isVisible)).toBe(signal)
  })
})

describe('a page that goes through anything', () => {
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
    closeTimeout: 2_000,
  }
  const resumption = { resumed: false, replayed: 0 }
  const beat = createHeartbeat({ interval: 25_000, timeout: 10_000 })
  const inputs: Readonly<Record<Signal, Input>> = {
    wake: { type: 'wake', doubtful: false },
    change: { type: 'wake', doubtful: true },
    offline: { type: 'probe' },
    leave: { type: 'leave' },
    blocked: { type: 'probe' },
  }

  /** A page with a client on it, and a server that takes every dial and answers every probe. */
  const createWorld = (heartbeat: Heartbeat | undefined) => {
    let state: State = initialState
    let moment: Moment = { now: 0, wall: 1_700_000_000_000 }
    let heardAt = 0
    let opened = 0
    let dialing = 0

    const input = (next: Input): void => {
      const sample: Sample = { ...moment, random: 0.5, heardAt }
      const [reached, ...commands] = step(state, next, policy, sample)
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
      happen(type: string, isVisible: boolean, persisted = false) {
        if (type === 'sleep') return pass(0, 600_000)
        if (type === 'set back') return pass(0, -3_600_000)
        const signal = signalOf({ type, persisted }, isVisible)
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
          else if (state.name === 'greeting')
            input({ type: 'accepted', epoch, facts: { heartbeat, resumption }, protocol: '' })
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

  const happenings = [...Object.keys(signalsOfEvents), 'sleep', 'set back']
  const steps = fc.array(
    fc.record({
      type: fc.constantFrom(...happenings),
      isVisible: fc.boolean(),
      persisted: fc.boolean(),
      settles: fc.boolean(),
    }),
    { maxLength: 30 },
  )

  it('has one open socket in the end, whatever order, however often', () => {
    fc.assert(
      fc.property(steps, fc.boolean(), (events, beats) => {
        const world = createWorld(beats ? beat : undefined)
        world.connect()
        for (const { type, isVisible, persisted, settles } of events) {
          world.happen(type, isVisible, persisted)
          if (settles) world.settle()
        }
        world.settle()
        return world.state.name === 'open'
      }),
    )
  })

  it('comes to the same end by every order of the same events', () => {
    const end = (order: readonly string[], heartbeat: Heartbeat | undefined): string => {
      const world = createWorld(heartbeat)
      world.connect()
      world.settle()
      for (const type of order) world.happen(type, true)
      world.settle()
      // Once it has been open for as long as it takes to be stable, nothing of the past counts.
      world.wait(10_000)
      world.happen('pagehide', true)
      return JSON.stringify([world.state.name, world.state.tally])
    }
    const count = happenings.length * 2
    for (const heartbeat of [undefined, beat]) {
      const expected = end(happenings, heartbeat)
      expect(expected).toContain('waiting')
      fc.assert(
        fc.property(
          fc.shuffledSubarray([...happenings, ...happenings], { minLength: count, maxLength: count }),
          (order) => end(order, heartbeat) === expected,
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
        const world = createWorld(beat)
        world.connect()
        world.settle()
        for (const type of events) world.happen(type, true)
        expect([world.state.name, world.opened]).toEqual(['open', 1])
      }),
    )
  })
})
