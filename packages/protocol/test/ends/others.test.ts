// The failures that other SDKs were seen to have, each on two ends of this session: it has none of them.
import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/index.ts'
import { createClientEnd } from './client-end.ts'
import { connect } from './network.ts'
import type { Fate } from './network.ts'
import { createWorld, faultsOf, missingOf } from './world.ts'
import type { World, WorldOptions } from './world.ts'

const deadEnds: readonly Fate[] = Array.from({ length: 40 }, () => ({
  cutAfter: { way: 's2c', messages: 0, cut: {} },
}))

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

/** Both ends hold the same session as ever, and nothing is missing. */
async function expectWhole(world: World, resumes = 1): Promise<void> {
  await world.heal()
  expect(world.client).toMatchObject({ phase: 'live', losses: [], resumes, violations: [] })
  expect(missingOf(world)).toEqual([])
  await world.end()
  expect(faultsOf(world)).toEqual([])
}

describe('Socket.IO', () => {
  it('T1: cannot recover a connection that dropped before any event. This session is resumed from its first ok', async () => {
    const world = await setUp()
    const id = world.peer!.id
    world.connections[0]!.cut({ client: 0, server: 0 })
    world.send('server')
    await world.heal()
    expect([world.peer!.id, world.byClient.handled]).toEqual([id, [1]])
    await expectWhole(world)
  })

  it('T2: cannot recover after a volatile event. Here a volatile message has no number to confuse anybody with', async () => {
    const world = await setUp()
    world.send('server')
    world.send('server', { volatile: true })
    await world.clock.advance(20)
    world.connections[0]!.cut({ client: 0, server: 0 })
    world.send('server')
    await world.heal()
    expect([world.byClient.handled, world.byClient.volatile]).toEqual([[1, 3], [2]])
    await expectWhole(world)
  })

  it('T3: has two live sockets when the client returns first. Here the old one is fenced before the new one is answered', async () => {
    const world = await setUp()
    world.connections[0]!.cut({ client: 0 })
    world.send('server')
    world.send('client')
    await world.clock.advance(100)
    expect(world.connections).toHaveLength(2)
    expect([world.server.peers.length, world.connections[0]!.server.isOpen]).toEqual([1, false])
    expect([world.byClient.handled, world.byServer.handled]).toEqual([[1], [2]])
    await expectWhole(world)
  })

  it('T4: loses what is emitted into a dead link. Here it is delivered after the resume', async () => {
    const world = await setUp()
    world.connections[0]!.cut({})
    world.send('client')
    await world.clock.advance(1_000)
    expect(outcomesOf(world, 'byClient')).toEqual([undefined])
    await world.heal()
    expect(outcomesOf(world, 'byClient')).toEqual([delivered])
    await expectWhole(world)
  })

  it('T5: runs the handler twice when an ack is lost. Here the second one is dropped by its number', async () => {
    // The banner and the ok arrive, the ack does not.
    const world = await setUp({}, { cutAfter: { way: 's2c', messages: 3, cut: { client: 0 } } })
    world.send('client')
    await world.clock.advance(8)
    expect([world.byServer.handled, outcomesOf(world, 'byClient')]).toEqual([[1], [undefined]])
    await world.heal()
    expect([world.byServer.handled, outcomesOf(world, 'byClient')]).toEqual([[1], [delivered]])
    // The greeting has told that it arrived: the client sent hi and the ack that confirms it, and no message again.
    expect(world.connections[1]!.arrived.c2s).toBe(2)
    await expectWhole(world)
  })

  it('T6: does not replay what the server asks during the gap. Here a request is a message like any other', async () => {
    const world = await setUp()
    world.connections[0]!.cut({ client: 200, server: 0 })
    world.ask('server')
    world.ask('server')
    await world.heal()
    expect(world.byServer.asked.map(({ end }) => end)).toEqual([{ answer: 1 }, { answer: 2 }])
    expect(world.byClient.handled).toEqual([1, 2])
    await expectWhole(world)
  })

  it('T7: recovers one session for two connections. Here the second client takes it from the first, which gives up', async () => {
    const world = await setUp()
    const handled: unknown[] = []
    const other = createClientEnd({
      clock: world.clock,
      id: 'another one',
      app: { onEvent: (_, data) => void handled.push(data) },
      dial() {
        const connection = connect(world.clock)
        world.clock.setTimer(() => world.server.accept(connection.server), 0)
        return connection.client
      },
    })
    other.adopt(world.client.ticket!)
    other.connect()
    await world.clock.advance(50)
    world.send('server')
    await world.clock.advance(1_000)
    expect([world.client.phase, other.phase]).toEqual(['stopped', 'live'])
    expect([world.byClient.handled, handled]).toEqual([[], [1]])
    expect(world.server.peers).toHaveLength(1)
    // The first one does not fight back.
    expect(world.connections).toHaveLength(1)
    other.destroy()
    await world.clock.advance(50)
    await world.end()
    expect([...world.client.violations, ...world.server.violations, world.timers]).toEqual([0])
  })

  it('skips authentication on recovery. Here a token of somebody else ends the session', async () => {
    const world = await setUp()
    world.connections[0]!.cut({ client: 0 })
    world.send('client')
    world.client.token = 'somebody else'
    await world.heal()
    expect(world.client.losses).toMatchObject([{ why: 'identity', rx: 0 }])
    expect([world.byServer.handled, outcomesOf(world, 'byClient')]).toEqual([
      [],
      [{ status: 'undelivered', reason: 'session-lost' }],
    ])
    await world.end()
    expect(faultsOf(world)).toEqual([])
  })

  it('a cut between replay and the end of the greeting delivers nothing twice', async () => {
    for (let messages = 0; messages < 8; messages++) {
      const world = await setUp({ window: [2, 100_000] })
      world.connections[0]!.cut({ client: 0, server: 0 })
      for (let index = 0; index < 4; index++) {
        world.send('server', { size: 20_000 })
        world.send('client', { size: 20_000 })
      }
      for (const way of ['s2c', 'c2s'] as const)
        world.fates.push({ cutAfter: { way, messages, cut: { client: 0 } } })
      await world.heal()
      expect(world.byClient.handled).toEqual([1, 3, 5, 7])
      expect(world.byServer.handled).toEqual([2, 4, 6, 8])
      expect(world.client.losses).toEqual([])
      await world.end()
      expect(faultsOf(world)).toEqual([])
    }
  })
})

describe('SignalR', () => {
  it('A: resumes without telling anybody. Here both ends count it', async () => {
    const world = await setUp()
    world.connections[0]!.cut({ client: 0 })
    await world.clock.advance(100)
    expect(world.client.resumes).toBe(1)
    await expectWhole(world)
  })

  it('B: loses the session when one attempt is refused. Here the client tries on, as long as the server holds it', async () => {
    const world = await setUp()
    const refused: Fate = { cutAfter: { way: 's2c', messages: 0, cut: { client: 0 } } }
    world.fates.push(...Array.from({ length: 20 }, () => refused))
    world.connections[0]!.cut({ client: 0 })
    world.send('client')
    world.send('server')
    await world.clock.advance(5_000)
    expect(world.connections.length).toBeGreaterThan(20)
    await expectWhole(world)
  })

  it('C: drops what comes before the announced number. Here every frame has its own, and the first is taken', async () => {
    const world = await setUp()
    world.connections[0]!.cut({ client: 0 })
    for (let index = 0; index < 5; index++) world.send('server')
    await world.heal()
    expect(world.byClient.handled).toEqual([1, 2, 3, 4, 5])
    await expectWhole(world)
  })

  it('D: starts over when a frame is missing. Here the gap closes the connection, and the session goes on', async () => {
    for (const way of ['c2s', 's2c'] as const) {
      const from = way === 'c2s' ? 'client' : 'server'
      const world = await setUp({}, { lose: { way, messages: way === 'c2s' ? 2 : 3 } })
      world.send(from, { size: 20_000 })
      world.send(from)
      await world.heal()
      expect(world[way === 'c2s' ? 'byServer' : 'byClient'].handled).toEqual([1, 2])
      expect(world.client).toMatchObject({ losses: [], resumes: 1 })
      expect([...world.client.violations, ...world.server.violations]).toEqual(['4425 gap'])
      await world.end()
    }
  })

  it('waits a second for each ack. Here an awaited send takes a round trip', async () => {
    const world = await setUp()
    const { clock, client } = world
    const startedAt = clock.now()
    let endedAt = 0
    const sendAll = async (): Promise<void> => {
      for (let id = 1; id <= 50; id++) await client.party.send('event', id)
      endedAt = clock.now()
    }
    void sendAll()
    await clock.advance(5_000)
    expect(endedAt - startedAt).toBeLessThanOrEqual(50 * 10)
    await world.end()
  })
})

describe('NATS', () => {
  it('loses what is published between the drop and the redial. Here it waits, and goes first', async () => {
    const world = await setUp()
    world.connections[0]!.cut({ client: 0, server: 0 })
    for (let index = 0; index < 10; index++) world.send('client')
    await world.clock.advance(1)
    for (let index = 0; index < 10; index++) world.send('client')
    await world.heal()
    expect(world.byServer.handled).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
    expect(outcomesOf(world, 'byClient').every((outcome) => outcome?.status === 'delivered')).toBe(true)
    await expectWhole(world)
  })
})

describe('Ably', () => {
  it('sends again what was delivered, after a refused resume. Here the final cursor tells what was', async () => {
    // The message arrives, its ack does not; then the session expires.
    const world = await setUp({ ttl: 20_000 }, { cutAfter: { way: 's2c', messages: 3, cut: {} } })
    world.send('client')
    await world.clock.advance(20)
    world.fates.push(...deadEnds)
    world.send('client')
    await world.clock.advance(60_000)
    await world.heal()
    expect(world.client.losses).toMatchObject([{ why: 'expired', rx: 1 }])
    expect([world.byServer.handled, outcomesOf(world, 'byClient')]).toEqual([
      [1, 2],
      [delivered, delivered],
    ])
    await world.end()
    expect(faultsOf(world)).toEqual([])
  })

  it('sends again what nobody knows the fate of. Here that is reported, and left to the application', async () => {
    const world = await setUp({}, { cutAfter: { way: 's2c', messages: 3, cut: {} } })
    world.send('client')
    await world.clock.advance(8)
    world.restart({ client: 0 })
    await world.heal()
    expect(world.client.losses).toMatchObject([{ why: 'unknown', rx: null }])
    expect([world.byServer.handled, outcomesOf(world, 'byClient')]).toEqual([
      [1],
      [{ status: 'unknown', reason: 'session-lost' }],
    ])
    await world.end()
    expect(faultsOf(world)).toEqual([])
  })

  it('sent later what it had reported as failed. Here an outcome is final', async () => {
    const world = await setUp()
    world.connections[0]!.cut({ client: 0, server: 0 })
    await world.clock.advance(1)
    world.send('client', { ttl: 5 })
    await world.clock.advance(10)
    expect(outcomesOf(world, 'byClient')).toEqual([{ status: 'undelivered', reason: 'expired' }])
    await world.heal()
    expect(world.byServer.handled).toEqual([])
    await world.end()
    expect(faultsOf(world)).toEqual([])
  })
})

describe('graphql-ws', () => {
  it('carries a mutation out again on the next connection. Here a request survives the cut, and runs once', async () => {
    const world = await setUp({}, { cutAfter: { way: 's2c', messages: 3, cut: { client: 0 } } })
    world.ask('client')
    await world.heal()
    expect(world.byServer.handled).toEqual([1])
    expect(world.byClient.asked).toEqual([{ id: 1, end: { answer: 1 } }])
    await expectWhole(world)
  })

  it('carries it out again on another server. Here it fails as unknown', async () => {
    const world = await setUp({}, { cutAfter: { way: 's2c', messages: 3, cut: {} } })
    world.ask('client')
    await world.clock.advance(20)
    world.restart({ client: 0 })
    await world.heal()
    expect(world.byServer.handled).toEqual([1])
    expect(world.byClient.asked).toEqual([{ id: 1, end: { code: 'unknown' } }])
    await world.end()
    expect(faultsOf(world)).toEqual([])
  })
})

describe('Phoenix', () => {
  it('reports a push as timed out that was carried out. Here the error says that it was delivered', async () => {
    const world = await setUp()
    const failed = world.client.party.request('ask', 1_000, 20).catch((error: unknown) => error)
    await world.clock.advance(100)
    expect(await failed).toMatchObject({ code: 'timeout', outcome: delivered })
    await world.end()
  })
})

describe('MQTT.js', () => {
  it('sends what is in flight into a new session. Here that is done with what is certainly undelivered, and in order', async () => {
    const world = await setUp({ ttl: 20_000 })
    world.connections[0]!.cut({ server: 0 })
    for (let index = 0; index < 3; index++) world.send('client')
    world.fates.push(...deadEnds)
    await world.clock.advance(60_000)
    world.send('client')
    await world.heal()
    expect(world.client.losses).toMatchObject([{ why: 'expired', rx: 0 }])
    expect(world.byServer.handled).toEqual([1, 2, 3, 4])
    await world.end()
    expect(faultsOf(world)).toEqual([])
  })
})
