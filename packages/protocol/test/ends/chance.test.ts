import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clockFaults } from '@holdfast/testing'
import type { Cut, Fate } from './network.ts'
import { createWorld, faultsOf, missingOf } from './world.ts'
import type { World } from './world.ts'

/** `ENDS_RUNS=10000` for more of them. */
const numRuns = Number(process.env['ENDS_RUNS'] ?? 1_000)
const timeout = 60_000 + 60 * numRuns
/** Whether to be content with the first counterexample, as it is. */
const endOnFailure = process.env['ENDS_FIRST'] === '1'

const from = fc.constantFrom('client' as const, 'server' as const)
const notice = fc.option(fc.constantFrom(0, 30, 700, 7_000), { nil: undefined })
const cut: fc.Arbitrary<Cut> = fc.record({ client: notice, server: notice }).map(({ client, server }) => ({
  ...(client !== undefined && { client }),
  ...(server !== undefined && { server }),
}))
const delay = fc.constantFrom(1, 5, 5, 40, 400)
const fate: fc.Arbitrary<Fate> = fc
  .record({
    // More than an attempt may take: the greeting comes late.
    c2s: fc.oneof(delay, fc.constantFrom(900, 1_500, 4_000)),
    s2c: fc.oneof(delay, fc.constant(1_500)),
    cutAfter: fc.option(
      fc.record({ way: fc.constantFrom('c2s' as const, 's2c' as const), messages: fc.nat(8), cut }),
      { nil: undefined },
    ),
  })
  .map(({ cutAfter, ...delays }) => (cutAfter ? { ...delays, cutAfter } : delays))

const action = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      from,
      count: fc.integer({ min: 1, max: 6 }),
      size: fc.constantFrom(0, 0, 100, 5_000, 20_000),
      isBytes: fc.boolean(),
      how: fc.constantFrom({}, {}, {}, {}, { volatile: true }, { key: 'k' }, { ttl: 10 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ask' as const), from }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 3, 20, 60, 500) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('cut' as const), cut }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('fate' as const), fate }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('redial' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), from }) },
)
const harmful = fc.oneof(
  { weight: 12, arbitrary: action },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('restart' as const, 'end' as const, 'drain' as const, 'login' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(15_000, 200_000) }),
  },
)
const habit = fc.constantFrom('listens', 'sends', 'throws', 'leaves the connection')
const clock = fc.constantFrom(...Object.values(clockFaults))

type Action = typeof harmful extends fc.Arbitrary<infer T> ? T : never

interface Setting {
  readonly habits: readonly [client: string, server: string]
  readonly faults: (typeof clockFaults)['exact']
  readonly window: readonly [number, number]
}

const setting: fc.Arbitrary<Setting> = fc.record({
  habits: fc.tuple(habit, habit),
  faults: clock,
  window: fc.constantFrom([1_024, 1_048_576] as const, [4, 30_000] as const, [1, 1_000] as const),
})

/** What happened in all runs: tests in which nothing happens prove nothing. */
const totals = { handled: 0, resumes: 0, losses: 0 }

async function run(actions: readonly Action[], { habits, faults, window: limits }: Setting): Promise<World> {
  const [clientHabit, serverHabit] = habits
  const react = (who: 'client' | 'server', what: string, id: number, world: World): void => {
    if (what === 'sends' && id % 3 === 0) world.send(who)
    if (what === 'throws') throw new Error('a handler that fails')
    if (what === 'leaves the connection' && id % 5 === 0) world.client.redial()
  }
  const world = createWorld({
    faults,
    window: limits,
    onClient: (id, self) => react('client', clientHabit, id, self),
    onServer: (id, _, self) => react('server', serverHabit, id, self),
  })
  world.client.connect()
  await world.clock.advance(40)
  for (const item of actions) {
    switch (item.do) {
      case 'send': {
        const { size, isBytes, how } = item
        for (let index = 0; index < item.count; index++) world.send(item.from, { size, isBytes, ...how })
        break
      }
      case 'ask':
        world.ask(item.from)
        break
      case 'wait':
        await world.clock.advance(item.ms)
        break
      case 'cut':
        world.connections.at(-1)!.cut(item.cut)
        break
      case 'fate':
        world.fates.push(item.fate)
        break
      case 'cancel':
        world[item.from === 'client' ? 'byClient' : 'byServer'].sent.at(-1)?.delivery.cancel()
        break
      case 'redial':
        world.client.redial()
        break
      case 'restart':
        world.restart({ client: 0 })
        break
      case 'end':
        world.peer?.end()
        break
      case 'drain':
        world.server.drain(200)
        break
      case 'login':
        world.client.token = world.client.token === 'other' ? 'one' : 'other'
        world.client.redial()
    }
    const [most] = limits
    expect(Math.max(world.byClient.mostMessages, world.byServer.mostMessages)).toBeLessThanOrEqual(most)
  }
  await world.heal()
  totals.handled += world.byClient.handled.length + world.byServer.handled.length
  totals.resumes += world.client.resumes
  totals.losses += world.client.losses.length
  return world
}

describe('two ends on a network that fails in every way', () => {
  it('hand on all messages once, in order, as long as both hold the session', { timeout }, () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(action, { minLength: 10, maxLength: 40, size: 'max' }),
        setting,
        async (actions, how) => {
          const world = await run(actions, how)
          expect(missingOf(world)).toEqual([])
          expect(world.client.losses).toEqual([])
          await world.end()
          expect(faultsOf(world)).toEqual([])
        },
      ),
      { numRuns, endOnFailure },
    ),
  )

  it('tell the truth about every message when sessions are lost', { timeout }, () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(harmful, { minLength: 10, maxLength: 40, size: 'max' }),
        setting,
        async (actions, how) => {
          const world = await run(actions, how)
          // What is certainly undelivered goes into the next session. Only a crash and another user keep it back.
          const isKept = !actions.some((item) => item.do === 'restart' || item.do === 'login')
          const { sent } = world.byClient
          const missing = new Set(missingOf(world))
          if (isKept) expect(sent.filter(({ id }) => missing.has(id))).toEqual([])
          await world.end()
          expect(faultsOf(world)).toEqual([])
        },
      ),
      { numRuns, endOnFailure },
    ),
  )

  it('meet enough of everything', () => {
    expect(totals.handled / numRuns).toBeGreaterThan(20)
    expect(totals.resumes / numRuns).toBeGreaterThan(2)
    expect(totals.losses / numRuns).toBeGreaterThan(0.2)
  })
})
