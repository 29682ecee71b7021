import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/index.ts'
import { createClientEnd } from './client-end.ts'
import { connect } from './network.ts'
import type { Fate } from './network.ts'
import { createWorld, faultsOf } from './world.ts'
import type { World, WorldOptions } from './world.ts'

const delivered: Outcome = { status: 'delivered' }

async function setUp(options?: WorldOptions, first: Fate = {}): Promise<World> {
  const world = createWorld(options)
  world.fates.push(first)
  world.client.connect()
  await world.clock.advance(100)
  return world
}

const outcomesOf = (world: World, from: 'byClient' | 'byServer'): (Outcome | undefined)[] =>
  world[from].sent.map(({ delivery }) => delivery.outcome)

describe('a greeting that comes late', () => {
  it('hurts nobody: not the connection that its client has now, nor what goes over that', async () => {
    const world = await setUp()
    const { clock, client, connections } = world
    connections[0]!.cut({ client: 0, server: 0 })
    world.fates.push({ c2s: 4_000 })
    await clock.advance(2_000)
    // The second connection was given up, the third one is live.
    expect([connections.length, client.phase]).toEqual([3, 'live'])
    world.send('client')
    world.send('server')
    await clock.advance(2_100)
    expect(connections[1]!.arrived.c2s).toBe(1)
    world.send('client')
    world.send('server')
    await clock.advance(1_000)
    expect([connections.length, client.phase, client.resumes]).toEqual([3, 'live', 1])
    expect([world.byServer.handled, world.byClient.handled]).toEqual([
      [1, 3],
      [2, 4],
    ])
    await world.end()
    expect(faultsOf(world)).toEqual([])
  })
})

describe('a session', () => {
  it('is of no use to who has its id and not its key', async () => {
    const world = await setUp()
    world.send('client')
    await world.clock.advance(100)
    const guesser = createClientEnd({
      clock: world.clock,
      id: 'another one',
      app: {},
      dial() {
        const connection = connect(world.clock)
        world.clock.setTimer(() => world.server.accept(connection.server), 0)
        return connection.client
      },
    })
    guesser.adopt({ id: world.client.ticket!.id, key: 'a guess' })
    guesser.connect()
    await world.clock.advance(100)
    expect(guesser.losses).toEqual([{ why: 'unknown', rx: null, missed: null }])
    expect(guesser.ticket!.id).not.toBe(world.client.ticket!.id)
    expect([world.client.phase, world.connections.length]).toEqual(['live', 1])
    guesser.destroy()
    await world.clock.advance(50)
    await world.end()
    expect(faultsOf(world)).toEqual([])
  })

  it('takes its answers with it: those of a lost one answer nothing in the next', async () => {
    let isSecond = false
    const world = await setUp({
      onPeer(self) {
        if (isSecond) self.ask('server')
        isSecond = true
      },
    })
    // The answer of the client is written, and does not arrive.
    world.ask('server')
    await world.clock.advance(5)
    const [connection] = world.connections
    world.clock.setTimer(() => connection!.cut({ client: 100 }), 33)
    await world.clock.advance(40)
    expect(world.client.party.session.unacknowledged).toBe(1)
    world.peer!.end()
    await world.heal()
    expect(world.byServer.asked).toEqual([
      { id: 1, end: { code: 'unknown' } },
      { id: 2, end: { answer: 2 } },
    ])
    await world.end()
    expect(faultsOf(world)).toEqual([])
  })
})

describe('what a planned end leaves behind', () => {
  it('no new messages: they wait for the next session, while what is out is answered', async () => {
    const world = await setUp()
    const { client, clock } = world
    world.ask('client')
    world.server.drain(1_000)
    await clock.advance(15)
    const { tx } = client.party.session
    world.send('client')
    world.send('server')
    await clock.advance(5)
    expect([client.phase, client.party.session.tx, client.party.queued]).toEqual(['live', tx, 1])
    await world.heal()
    expect(world.byClient.asked).toEqual([{ id: 1, end: { answer: 1 } }])
    expect(world.byServer.handled).toEqual([1, 2])
    expect([world.connections.length, client.losses]).toEqual([2, []])
    await world.end()
    expect(faultsOf(world)).toEqual([])
  })

  it('nothing unknown: what was not taken goes into the next session', async () => {
    for (const within of [0, 5, 11, 200]) {
      const world = await setUp()
      for (let index = 0; index < 5; index++) {
        world.send('client', { size: 5_000 })
        world.send('server', { size: 5_000 })
      }
      world.ask('client')
      world.server.drain(within)
      for (let index = 0; index < 5; index++) world.send('client')
      await world.heal()
      expect(outcomesOf(world, 'byClient')).toEqual(Array.from({ length: 10 }, () => delivered))
      expect(world.client.losses).toEqual([])
      await world.end()
      expect(faultsOf(world)).toEqual([])
    }
  })
})

describe('a session that its client does not know of', () => {
  it('is not told to the application, and does not last', async () => {
    const world = await setUp({}, { cutAfter: { way: 's2c', messages: 1, cut: { client: 10_000 } } })
    await world.clock.advance(500)
    expect(world.server.peers).toEqual([])
    await world.heal()
    // The client came back without it, and has another one.
    expect(world.server.peers).toHaveLength(1)
    expect(world.client.losses).toEqual([])
    await world.clock.advance(20_000)
    expect(world.server.sessions).toBe(1)
    await world.end()
    expect(faultsOf(world)).toEqual([])
  })
})

describe('a message that the server refuses', () => {
  it('is found by sending unpacked, withdrawn, and those around it are delivered', async () => {
    const isPoison = (payload: unknown): boolean => typeof payload === 'string' && payload.includes('"id":2,')
    const world = await setUp({ fate: { refuses: isPoison } })
    world.connections[0]!.cut({ client: 0 })
    for (const size of [1, 2, 3, 4]) world.send('client', { size })
    world.send('server')
    await world.heal()
    expect(world.byServer.handled).toEqual([1, 3, 4])
    expect(world.byClient.handled).toEqual([5])
    const refused = { status: 'undelivered', reason: 'rejected' }
    expect(outcomesOf(world, 'byClient')).toEqual([delivered, refused, delivered, delivered])
    expect(world.client.losses).toEqual([])
    await world.end()
    expect(faultsOf(world)).toEqual([])
  })
})
