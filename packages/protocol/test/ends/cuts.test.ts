import { describe, expect, it } from 'vitest'
import { clockFaults } from '@holdfast/testing'
import type { ClockFaults } from '@holdfast/testing'
import type { Cut, Fate, Way } from './network.ts'
import { createWorld, faultsOf, missingOf } from './world.ts'
import type { World } from './world.ts'

/** A conversation with everything in it, over connections of those fates. */
async function converse(fates: readonly Fate[], faults: ClockFaults = clockFaults.exact): Promise<World> {
  const world = createWorld({
    faults,
    // Handlers send: the one of the client an answer to every third, that of the server to every fourth message.
    onClient: (id, { send }) => {
      if (id % 3 === 0) send('client')
      if (id % 7 === 0) throw new Error('a handler that fails')
    },
    onServer: (id, _, { send }) => {
      if (id % 4 === 0) send('server')
    },
  })
  const { client, clock, send, ask } = world
  world.fates.push(...fates)
  client.connect()
  for (let round = 0; round < 5; round++) {
    for (const from of ['client', 'server'] as const) {
      send(from)
      send(from, { size: 100 })
      send(from, { volatile: true })
      send(from, { size: 50, isBytes: true })
      if (round === 1) send(from, { size: 20_000 })
      if (round % 2 === 0) ask(from)
    }
    await clock.advance(25)
    if (round === 2) for (let index = 0; index < 40; index++) send('client', { size: 10 })
  }
  await world.heal()
  return world
}

const notices: Readonly<Record<string, Cut>> = {
  'both ends notice': { client: 0, server: 0 },
  'the client notices first': { client: 0, server: 3_000 },
  'the server notices first': { server: 0 },
  'nobody notices': {},
}

async function check(fates: readonly Fate[], faults?: ClockFaults): Promise<World> {
  const world = await converse(fates, faults)
  const { client } = world
  expect([client.phase, missingOf(world), client.losses]).toEqual(['live', [], []])
  await world.end()
  expect(faultsOf(world)).toEqual([])
  return world
}

describe('a conversation', () => {
  it('over one connection is complete, and not longer than it must be', async () => {
    const world = await check([])
    const [{ arrived }] = world.connections as [World['connections'][number]]
    expect(world.byServer.handled.length).toBeGreaterThan(60)
    expect(world.connections).toHaveLength(1)
    expect(arrived.c2s).toBeLessThan(60)
    expect(arrived.s2c).toBeLessThan(60)
  })

  for (const [kind, faults] of Object.entries(clockFaults))
    it(`with timers that are ${kind} is complete when it is cut`, async () => {
      for (let messages = 0; messages < 20; messages++)
        await check([{ cutAfter: { way: 's2c', messages, cut: { client: 0 } } }], faults)
    })
})

for (const [notice, cut] of Object.entries(notices))
  describe(`a connection that is cut, and ${notice}`, () => {
    for (const way of ['c2s', 's2c'] as const)
      it(`between any two messages ${way === 'c2s' ? 'to the server' : 'to the client'} loses and repeats nothing`, async () => {
        const whole = await converse([])
        const count = whole.connections[0]!.arrived[way]
        await whole.end()
        let resumes = 0
        for (let messages = 0; messages <= count; messages++) {
          const { client, connections } = await check([{ cutAfter: { way, messages, cut } }])
          resumes += client.resumes
          if (messages < count) expect(connections.length).toBeGreaterThan(1)
        }
        expect(resumes).toBeGreaterThan(count - 5)
      })
  })

describe('a connection that is cut, and the next one too', () => {
  it('loses and repeats nothing, wherever that is', async () => {
    const cuts: Fate[] = (['c2s', 's2c'] satisfies Way[]).flatMap((way) =>
      [0, 1, 2, 3, 4, 5, 6].map((messages) => ({ cutAfter: { way, messages, cut: { client: 0 } } })),
    )
    const firsts: Fate[] = (['c2s', 's2c'] satisfies Way[]).flatMap((way) =>
      [2, 3, 5, 8, 13].map((messages) => ({ cutAfter: { way, messages, cut: { client: 0 } } })),
    )
    for (const first of firsts) for (const second of cuts) await check([first, second])
  })

  it('loses and repeats nothing when the greeting comes late', async () => {
    for (const messages of [2, 4, 6, 8])
      for (const c2s of [900, 1_100, 1_500, 4_000]) {
        const first: Fate = { cutAfter: { way: 's2c', messages, cut: { client: 0 } } }
        const { connections, client } = await check([first, { c2s }])
        expect(client.resumes).toBeGreaterThan(0)
        if (c2s > 1_000) expect(connections.length).toBeGreaterThan(2)
      }
  })
})
