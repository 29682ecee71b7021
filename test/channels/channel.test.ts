// Real sockets: the real client and the real hub, with a proxy between them that breaks the path.
import { HoldfastError } from '@holdfast/server'
import { channel } from 'holdfast'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { until, upTo } from '../session/pair.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { enter, impatient, joined, open, publish, record, startRooms, whileAway } from './rooms.ts'

expectNothingLeft()

describe('a channel', () => {
  test('brings what clients publish to all, in one order, with the positions that the publishers get', async () => {
    await using pair = await startRooms()
    const [ada, bob] = [pair.client(), pair.client()]
    const rooms = [channel(ada, 'room:1'), channel(bob, 'room:1')]
    const got = rooms.map(record)
    await Promise.all([ada.connect(), bob.connect()])
    await Promise.all(rooms.map(joined))
    const positions = await Promise.all(upTo(20).map((n) => rooms[n % 2]!.publish('n', n)))
    await until(() => got.every(({ length }) => length === 20))
    expect(got[0]).toEqual(got[1])
    expect(positions.map(({ offset }) => got[0]![offset - 1])).toEqual(upTo(20))
    const { publications, more } = await rooms[0]!.history({ limit: 5 })
    expect(publications.map(({ data }) => data)).toEqual(got[0]!.slice(-5))
    expect(more).toBe(true)
    const [oldest] = publications
    const older = await rooms[1]!.history({ limit: 15, before: oldest!.offset })
    expect(older.publications.map(({ data }) => data)).toEqual(got[0]!.slice(0, 15))
    expect(older.more).toBe(false)
  })

  test.each([1, 100, 30_000])(
    'brings publications of %i characters to clients with and without compression, between messages of the session',
    async (length) => {
      await using pair = await startRooms({}, { perMessageDeflate: { threshold: 0 } })
      class Uncompressed extends WebSocket {
        constructor(url: string) {
          super(url, { perMessageDeflate: false })
        }
      }
      const clients = [{}, {}, ...Array.from({ length: 3 }, () => ({ WebSocket: Uncompressed }))].map(
        (options) => pair.client(options),
      )
      const rooms = clients.map((client) => channel(client, 'room:1'))
      const got = rooms.map(record)
      const said = clients.map((client) => {
        const heard: unknown[] = []
        client.on('said', (data) => heard.push(data))
        return heard
      })
      await Promise.all(clients.map((client) => client.connect()))
      await Promise.all(rooms.map(joined))
      const texts = upTo(5).map((n) => `${n}${'é'.repeat(length)}`)
      for (const text of texts) {
        pair.hub.broadcast('said', text)
        await pair.hub.channel('room:1').publish('n', text)
      }
      await until(() => [...got, ...said].every((all) => all.length === texts.length))
      for (const all of [...got, ...said]) expect(all).toEqual(texts)
    },
  )

  test('brings what was published while the connection was broken, in order and once', async () => {
    await using pair = await startRooms()
    const { client, got } = await enter(pair)
    await whileAway(pair, client, () => publish(pair, 2, 3, 4))
    await until(() => got.length === 4)
    await publish(pair, 5)
    await until(() => got.length === 5)
    expect(got).toEqual([2, 3, 4, 'recovered 3', 5])
  })

  test('reports a gap first when the log has lost what was missed', async () => {
    await using pair = await startRooms({ history: { maxMessages: 2 } })
    const { client, got } = await enter(pair)
    await whileAway(pair, client, () => publish(pair, 2, 3, 4, 5))
    await until(() => got.length === 1)
    await publish(pair, 6)
    await until(() => got.length === 2)
    expect(got).toEqual(['gap 4', 6])
  })

  test('goes on after a reload, from the position that the application has kept', async () => {
    await using pair = await startRooms()
    const page = pair.client()
    const before = channel(page, 'room:1')
    await page.connect()
    await joined(before)
    await publish(pair, 1)
    await until(() => before.position?.offset === 1)
    const kept = JSON.stringify(before.position)
    await page.dispose()
    await publish(pair, 2, 3)
    const next = pair.client()
    const got = record(channel(next, 'room:1', { since: JSON.parse(kept) as never }))
    await next.connect()
    await until(() => got.length === 3)
    expect(got).toEqual([2, 3, 'recovered 2'])
  })

  test('goes on after a reload that came before the first publication, from the position at which it was joined', async () => {
    await using pair = await startRooms()
    const page = pair.client()
    const before = channel(page, 'room:1')
    let kept = ''
    before.watch('joined', () => (kept = JSON.stringify(before.position)))
    await page.connect()
    await until(() => kept !== '')
    await page.dispose()
    await publish(pair, 1, 2)
    const next = pair.client()
    const got = record(channel(next, 'room:1', { since: JSON.parse(kept) as never }))
    await next.connect()
    await until(() => got.length === 3)
    expect(got).toEqual([1, 2, 'recovered 2'])
  })

  test('outlives the session', async () => {
    await using pair = await startRooms({}, { sessionTimeout: 1 })
    const client = pair.client(impatient)
    const lost: unknown[] = []
    client.watch('lost', ({ why }) => lost.push(why))
    const room = channel(client, 'room:1')
    const got = record(room)
    await client.connect()
    await joined(room)
    await publish(pair, 1)
    await until(() => got.length === 1)
    await whileAway(pair, client, async () => {
      await until(() => pair.hub.peers.size === 0)
      await publish(pair, 2, 3)
    })
    await until(() => got.length >= 3)
    expect(lost).toEqual(['expired'])
    expect(got).toEqual([1, 2, 3, 'recovered 2'])
  })

  test('gives a new subscriber what the hub rewinds by, and the last value where only that counts', async () => {
    await using pair = await startRooms({ history: { maxMessages: 10, rewind: 2 } })
    pair.hub.channels('price', { ...open, history: { lastOnly: true } })
    await publish(pair, 1, 2, 3)
    for (const n of [1, 2, 3]) await pair.hub.channel('price').publish('n', n)
    const client = pair.client(impatient)
    const rooms = [channel(client, 'room:1'), channel(client, 'price')]
    const got = rooms.map(record)
    await client.connect()
    await until(() => got[0]!.length === 2 && got[1]!.length === 1)
    await whileAway(pair, client, async () => {
      for (const n of [4, 5]) await pair.hub.channel('price').publish('n', n)
    })
    await until(() => got[1]!.length === 2)
    expect(got).toEqual([
      [2, 3],
      [3, 5],
    ])
  })
})

describe('a client that may not', () => {
  test('subscribe is refused with the reason, and nothing is allowed by default', async () => {
    await using pair = await startRooms({
      subscribe() {
        throw new HoldfastError('remote', 'members only', { reason: 'members-only' })
      },
    })
    pair.hub.channels('closed', {})
    const client = pair.client()
    const rooms = ['room:1', 'closed:1', 'other'].map((name) => channel(client, name))
    await client.connect()
    await until(() => rooms.every(({ state }) => state.status === 'refused'))
    expect(rooms.map(({ state }) => state.reason)).toEqual(['members-only', 'forbidden', 'forbidden'])
    for (const room of rooms.slice(1))
      await expect(room.publish('n', 1)).rejects.toMatchObject({ code: 'remote', reason: 'forbidden' })
  })

  test('stay is refused while it is connected', async () => {
    await using pair = await startRooms()
    const { client, peer } = await pair.join()
    const room = channel(client, 'room:1')
    const got = record(room)
    await joined(room)
    pair.hub.channel('room:1').kick(peer)
    await publish(pair, 1)
    await until(() => room.state.status === 'refused')
    expect(room.state.reason).toBe('kicked')
    expect(got).toEqual([])
  })

  test('come back is refused when it does', async () => {
    let isAllowed = true
    await using pair = await startRooms({ subscribe: () => isAllowed })
    const client = pair.client(impatient)
    const room = channel(client, 'room:1')
    const got = record(room)
    await client.connect()
    await joined(room)
    await whileAway(pair, client, async () => {
      isAllowed = false
      await publish(pair, 1)
    })
    await until(() => room.state.status === 'refused')
    expect(got).toEqual([])
    await expect(room.history()).rejects.toMatchObject({ code: 'remote', reason: 'forbidden' })
  })

  test('be decided about now is joined when the rule works again', async () => {
    let isBroken = true
    const reported: unknown[] = []
    await using pair = await startRooms(
      {
        subscribe() {
          if (isBroken) throw new Error('database away')
          return true
        },
      },
      { ports: { report: (error) => void reported.push(error) } },
    )
    const client = pair.client({ ports: { random: () => 0 } })
    const room = channel(client, 'room:1')
    await client.connect()
    await until(() => room.state.reason === 'unavailable')
    expect(room.state.status).toBe('joining')
    isBroken = false
    await joined(room)
    expect(reported.length).toBeGreaterThan(0)
  })

  test('with one identity is asked anew with another one', async () => {
    await using pair = await startRooms(
      { subscribe: (peer) => peer.identity === 'ada' },
      { authenticate: ({ token }) => ({ identity: token! }) },
    )
    let token = 'bob'
    const client = pair.client({ token: () => token, ...impatient })
    const room = channel(client, 'room:1')
    await client.connect()
    await until(() => room.state.status === 'refused')
    token = 'ada'
    await client.reconnect()
    await joined(room)
  })
})

describe('publishing', () => {
  test('is applied once, although the connection breaks under it again and again', async () => {
    await using pair = await startRooms()
    const client = pair.client(impatient)
    const room = channel(client, 'room:1')
    await client.connect()
    await joined(room)
    const published: Promise<unknown>[] = []
    for (let n = 0; n < 100; n++) {
      published.push(room.publish('n', n))
      if (n % 20 === 0) {
        await until(() => client.state.status === 'open')
        pair.proxy.cut()
      }
    }
    await Promise.all(published)
    const { publications } = await room.history({ limit: 100 })
    expect(publications.map(({ data }) => data)).toEqual(upTo(100))
  })

  test('that is repeated with its id gives the position of the first time', async () => {
    await using pair = await startRooms()
    const { client } = await pair.join()
    const room = channel(client, 'room:1')
    const first = await room.publish('n', 1, { id: 'x' })
    expect(first).toMatchObject({ offset: 1, id: 'x' })
    expect(await room.publish('n', 1, { id: 'x' })).toEqual(first)
  })

  test('rejects with the reason of the hub', async () => {
    await using pair = await startRooms(
      { publish: (_peer, _id, event) => event === 'n' },
      { limits: { maxPublicationBytes: 1_000 } },
    )
    const { client } = await pair.join()
    const room = channel(client, 'room:1')
    await expect(room.publish('m', 1)).rejects.toMatchObject({ code: 'remote', reason: 'forbidden' })
    await expect(room.publish('n', 'x'.repeat(1_000))).rejects.toMatchObject({ reason: 'too-large' })
  })
})

describe('the end', () => {
  test('of the last handle ends the subscription at the hub', async () => {
    await using pair = await startRooms()
    const { client, peer } = await pair.join()
    const [one, two] = [channel(client, 'room:1'), channel(client, 'room:1')]
    await joined(one)
    expect(peer.channels).toEqual(['room:1'])
    one.leave()
    two.leave()
    await until(() => peer.channels.length === 0)
  })

  test('of the client, in a handler, ends everything', async () => {
    await using pair = await startRooms()
    const client = pair.client()
    const room = channel(client, 'room:1')
    const got: unknown[] = []
    room.on('n', (data) => {
      got.push(data)
      void client.dispose()
    })
    await client.connect()
    await joined(room)
    await publish(pair, 1, 2, 3)
    await until(() => pair.hub.peers.size === 0)
    expect(got).toEqual([1])
    expect(room.state).toEqual({ status: 'left', reason: 'disposed' })
  })
})

test('what the hub subscribes a client to, which has not joined it, comes as events', async () => {
  await using pair = await startRooms()
  const { client, peer } = await pair.join()
  const got: unknown[] = []
  client.on('n', (data) => got.push(data))
  peer.join('room:1')
  await publish(pair, 1)
  await until(() => got.length === 1)
  peer.leave('room:1')
  await publish(pair, 2)
  peer.send('n', 'last')
  await until(() => got.length === 2)
  expect(got).toEqual([1, 'last'])
})
