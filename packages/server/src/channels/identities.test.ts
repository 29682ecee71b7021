import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { channelClient } from '../../test/channels/channel-client.ts'
import type { ChannelClient } from '../../test/channels/channel-client.ts'
import { TestBroker } from '../../test/channels/test-broker.ts'
import { ended, newcomer, resuming, setUp } from '../../test/support/set-up.ts'
import type { SetUp } from '../../test/support/set-up.ts'
import { memory } from './memory.ts'
import type { Hub, HubOptions } from '../index.ts'
import type { AnyContract } from '@holdfast/protocol'

/** A hub whose clients are called as their token says. */
function named(options: HubOptions = {}): SetUp<AnyContract> {
  return setUp({ authenticate: ({ token }) => ({ identity: token ?? null }), ...options })
}

type Named = Awaited<ReturnType<typeof channelClient>>

async function enter(hubs: SetUp<AnyContract>, ...tokens: (string | undefined)[]): Promise<Named[]> {
  const clients: Named[] = []
  for (const [index, token] of tokens.entries())
    clients.push(await channelClient(hubs, { client: `c${index}`, ...(token !== undefined && { token }) }))
  return clients
}

/** The events that came as messages of the session: their numbers, names and data. */
async function messages(client: ChannelClient): Promise<unknown[]> {
  const frames = (await client.received()).filter((item) => Array.isArray(item)) as unknown[][]
  return frames.filter(([seq]) => seq !== 0).map(([seq, , name, data]) => [seq, name, data])
}

describe('hub.to', () => {
  it('sends to all sessions of the identity, as messages of the session, and to nobody else', async () => {
    const hubs = named()
    const [one, two, bert, nobody] = await enter(hubs, 'anna', 'anna', 'bert', undefined)
    await hubs.hub.to('anna').send('n', 1)
    await hubs.hub.to('anna').send('void')
    for (const client of [one!, two!])
      expect(await messages(client)).toEqual([
        [1, 'n', 1],
        [2, 'void', undefined],
      ])
    for (const client of [bert!, nobody!]) expect(await messages(client)).toEqual([])
    await hubs.hub.to('nobody').send('n', 1)
  })

  it('reaches a session whose client is away, when it comes back', async () => {
    const hubs = named()
    const [anna] = await enter(hubs, 'anna')
    anna!.socket.end(1006)
    await hubs.hub.to('anna').send('n', 1)
    const again = hubs.dial()
    await again.greet({ ...newcomer, token: 'anna', client: 'c0', ...resuming(anna!.ok, 0) })
    expect(again.frames()).toEqual([[1, 0, 'n', 1]])
  })

  it('does not reach a session that has ended, or that comes later', async () => {
    const hubs = named()
    await enter(hubs, 'anna')
    const end = ended(hubs.peers[0]!)
    hubs.peers[0]!.close()
    await hubs.clock.advance(5_000)
    await end
    await hubs.hub.to('anna').send('n', 1)
    const [later] = await enter(hubs, 'anna')
    expect(await messages(later!)).toEqual([])
  })

  it('reaches the sessions of all hubs that share the broker, of which none has sent before', async () => {
    const broker = memory()
    const [left, right] = [named({ broker }), named({ broker })]
    const [[one], [two]] = [await enter(left, 'anna'), await enter(right, 'anna')]
    await left.hub.to('anna').send('n', 1)
    for (const client of [one!, two!]) expect(await messages(client)).toEqual([[1, 'n', 1]])
    expect(left.hub.stats().channels).toBe(0)
    for (const { hub, clock } of [left, right]) {
      const closed = hub.close()
      await clock.advance(5_000)
      await closed
    }
  })

  it('sends a message with the same id once', async () => {
    const hubs = named()
    const [anna] = await enter(hubs, 'anna')
    await hubs.hub.to('anna').send('n', 1, { id: 'x' })
    await hubs.hub.to('anna').send('n', 1, { id: 'x' })
    expect(await messages(anna!)).toEqual([[1, 'n', 1]])
  })

  it('catches up with what a broker has not brought, in order and once', async () => {
    const broker = new TestBroker()
    const hubs = named({ broker })
    const [anna] = await enter(hubs, 'anna')
    await hubs.hub.to('anna').send('n', 1)
    broker.isDeaf = true
    await hubs.hub.to('anna').send('n', 2)
    broker.isDeaf = false
    await hubs.hub.to('anna').send('n', 3)
    expect((await messages(anna!)).map((message) => (message as unknown[])[2])).toEqual([1, 2, 3])
    expect(hubs.warned).toEqual([])
  })

  it('warns when the broker has lost messages', async () => {
    const broker = new TestBroker()
    const hubs = named({ broker })
    await enter(hubs, 'anna')
    await hubs.hub.to('anna').send('n', 1)
    broker.wipe()
    broker.reset()
    await hubs.hub.to('anna').send('n', 2)
    expect(hubs.warned).toEqual([expect.stringContaining('messages of hub.to are lost')])
  })

  it('reports an order that is none, and goes on', async () => {
    const broker = new TestBroker()
    const hubs = setUp({ broker, authenticate: () => ({ identity: 'anna' }) })
    const client = await channelClient(hubs)
    await hubs.hub.to('anna').send('n', 1)
    const other = broker.open({ published() {}, memberChanged() {}, reset() {} })
    const bounds = { maxMessages: 1_000, maxBytes: 1e6, maxAge: 60_000 }
    for (const text of ['', 'null', '{}\n', '["anna","join",5]\n'])
      await other.append(':', { id: `x${text.length}`, text }, bounds)
    expect(hubs.reported).not.toEqual([])
    await hubs.hub.to('anna').send('n', 2)
    expect((await client.received()).map((frame) => (frame as unknown[])[3])).toEqual([1, 2])
  })

  it('rejects while the broker fails, and may be repeated', async () => {
    const broker = new TestBroker()
    const hubs = named({ broker })
    const [anna] = await enter(hubs, 'anna')
    broker.failing.add('append')
    await expect(hubs.hub.to('anna').send('n', 1, { id: 'x' })).rejects.toThrow('no append')
    broker.failing.clear()
    await hubs.hub.to('anna').send('n', 1, { id: 'x' })
    expect(await messages(anna!)).toEqual([[1, 'n', 1]])
  })

  it.each<[string, (hubs: SetUp<AnyContract>) => Promise<unknown>, string]>([
    ['bytes', ({ hub }) => hub.to('a').send('n', new Uint8Array(1)), 'JSON only'],
    ['a function', ({ hub }) => hub.to('a').send('n', () => {}), 'is not JSON'],
    ['an empty id', ({ hub }) => hub.to('a').send('n', 1, { id: '' }), '1 to 64'],
    ['what is too large', ({ hub }) => hub.to('a').send('n', 'x'.repeat(70_000)), 'too large'],
    ['to a number', async ({ hub }) => hub.to(1 as never).send('n', 1), 'the identity must be a string'],
  ])('does not send %s', async (_, run, told) => {
    await expect(run(named())).rejects.toThrow(told)
  })
})

describe('join and leave of a channel with an identity', () => {
  it('reject data that no member can have', async () => {
    const hubs = named()
    hubs.hub.channels('team', { presence: true })
    const circle: unknown[] = []
    circle.push(circle)
    for (const presence of ['x'.repeat(2_000), () => {}, 1n, circle])
      await expect(hubs.hub.channel('team').join('anna', { presence })).rejects.toMatchObject({
        code: 'misuse',
      })
  })

  it('subscribe all its sessions, on all hubs, and end their subscriptions', async () => {
    const broker = memory()
    const [left, right] = [named({ broker }), named({ broker })]
    const [[one, bert], [two]] = [await enter(left, 'anna', 'bert'), await enter(right, 'anna')]
    const room = left.hub.channel('room:1')
    await room.join('anna')
    expect([...left.peers, ...right.peers].map(({ channels }) => channels)).toEqual([
      ['room:1'],
      [],
      ['room:1'],
    ])
    await room.publish('n', 1)
    for (const client of [one!, two!]) expect(await client.publications()).toEqual([1])
    expect(await bert!.publications()).toEqual([])
    await room.leave('anna')
    await room.publish('n', 2)
    for (const client of [one!, two!]) expect(await client.publications()).toEqual([])
  })

  it('make its sessions members, with the data that is given', async () => {
    const hubs = named()
    hubs.hub.channels('room', { presence: true })
    await enter(hubs, 'anna')
    await hubs.hub.channel('room:1').join('anna', { presence: { name: 'Anna' } })
    const members = await hubs.hub.channel('room:1').presence()
    expect(members).toEqual([{ key: hubs.peers[0]!.memberKey, identity: 'anna', data: { name: 'Anna' } }])
  })

  it('are reported by a hub that accepts less data of members than the one that was asked', async () => {
    const broker = memory()
    const one = named({ broker })
    const other = named({ broker, limits: { maxPresenceBytes: 10 } })
    for (const { hub } of [one, other]) hub.channels('room', { presence: true })
    await enter(other, 'bert')
    await one.hub.channel('room:1').join('bert', { presence: 'x'.repeat(100) })
    await settleMicrotasks()
    expect(other.reported).toMatchObject([{ message: expect.stringContaining('maxPresenceBytes') }])
  })

  it('end the subscription of a client that has joined itself, and tell it', async () => {
    const hubs = named()
    hubs.hub.channels('room', { subscribe: () => true })
    const [anna] = await enter(hubs, 'anna')
    await anna!.enter(['room:1', null])
    await hubs.hub.channel('room:1').leave('anna')
    expect(await anna!.received()).toEqual([{ refused: 'room:1', why: 'left' }])
    await expect(hubs.hub.channel('room:1').join(1 as never)).rejects.toThrow('the identity must be a string')
  })
})

describe('a hub that is closed', () => {
  it.each<[string, boolean, (hub: Hub) => Promise<unknown>]>([
    ['publish', true, (hub) => hub.channel('room').publish('n', 1)],
    ['publish, and has not before', false, (hub) => hub.channel('room').publish('n', 1)],
    ['read', true, (hub) => hub.channel('room').history()],
    ['tell who is present', true, (hub) => hub.channel('room').presence()],
    ['send to a user', true, (hub) => hub.to('anna').send('n', 1)],
    ['subscribe a user', false, (hub) => hub.channel('room').join('anna')],
  ])('does not %s, and does not open its broker', async (_, isUsed, use) => {
    let opened = 0
    const broker = memory()
    const hubs = named({
      broker: {
        open(listener) {
          opened++
          return broker.open(listener)
        },
      },
    })
    if (isUsed) await hubs.hub.channel('room').publish('n', 0)
    await hubs.hub.close()
    await expect(use(hubs.hub)).rejects.toMatchObject({ code: 'disposed' })
    expect([opened, hubs.clock.pending]).toEqual([isUsed ? 1 : 0, 0])
  })
})
