import { getHeapStatistics } from 'node:v8'
import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { newcomer, resuming, setUp } from '../test/support/set-up.ts'
import { createHub, isHoldfastError } from './index.ts'
import type { HubOptions } from './index.ts'
import { resolveOptions } from './policy.ts'

const crowd = '{"after":[10000,30000]}'
const patience = '{"after":[30000,60000]}'
const from = (remoteAddress: string) => ({ socket: { remoteAddress } })

describe('limits of connections', () => {
  it('turn away who comes when there are enough, until somebody has gone', async () => {
    const { dial, hub, heard, join } = setUp({ limits: { maxConnections: 2 } })
    const first = await join()
    dial()
    const third = dial()
    expect(third.socket.closedWith).toEqual({ code: 1013, reason: crowd })
    expect(third.take()).toEqual([])
    expect(heard.at(-1)).toEqual(['refused', { code: 1013, why: 'too many connections' }])
    await settleMicrotasks()
    first.socket.end()
    expect(dial().socket.closedWith).toBeUndefined()
    expect(hub.stats()).toMatchObject({ connections: 2, accepted: 3, refused: 1 })
  })

  it('count by address, of IPv6 by its network, and not those of proxies', async () => {
    const { dial } = setUp({ limits: { maxConnectionsPerAddress: 1 } })
    dial(from('203.0.113.1'))
    expect(dial(from('203.0.113.1')).socket.closedWith).toEqual({ code: 4429, reason: patience })
    expect(dial(from('::ffff:203.0.113.1')).socket.closedWith?.code).toBe(4429)
    const other = dial(from('203.0.113.2'))
    expect(other.socket.closedWith).toBeUndefined()
    dial(from('2001:db8:1:2::1'))
    expect(dial(from('2001:db8:1:2:3:4:5:6')).socket.closedWith?.code).toBe(4429)
    expect(dial(from('2001:db8:1:3::1')).socket.closedWith).toBeUndefined()
    dial(from('10.0.0.1'))
    expect(dial(from('10.0.0.1')).socket.closedWith).toBeUndefined()
    await settleMicrotasks()
    other.socket.end()
    expect(dial(from('203.0.113.2')).socket.closedWith).toBeUndefined()
  })

  it('count by the address that the application says', () => {
    const { dial } = setUp({
      limits: { maxConnectionsPerAddress: 1 },
      address: ({ headers }) => headers['x-real-ip'] as string,
    })
    const ip = (address: string) => ({ headers: { 'x-real-ip': address } })
    dial(ip('10.0.0.1'))
    expect(dial(ip('10.0.0.1')).socket.closedWith?.code).toBe(4429)
    dial()
    expect(dial().socket.closedWith).toBeUndefined()
  })

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no header')
      },
    ],
    ['gives a promise', () => Promise.reject(new Error('late'))],
    ['gives a number', () => 7],
  ])('are not passed by when the address of a client %s: it is to come again', (_, address) => {
    const { dial, hub, reported } = setUp({ address: address as () => string })
    for (let client = 0; client < 3; client++)
      expect(dial().socket.closedWith).toEqual({ code: 1013, reason: '{"after":[1000,10000]}' })
    expect(reported).toHaveLength(1)
    expect(hub.stats()).toMatchObject({ accepted: 0, refused: 3 })
  })
})

describe('limits of sessions', () => {
  it('turn away who needs a new one, and nobody who has one', async () => {
    const { dial, hub, join } = setUp({ limits: { maxSessions: 1 } })
    const first = await join()
    const second = dial()
    await second.say(['hi', { ...newcomer, client: 'c2' }])
    expect(second.socket.closedWith).toEqual({ code: 1013, reason: crowd })
    first.socket.end()
    expect((await dial().greet(resuming(first.ok, 0))).session).toBe(first.ok.session)
    expect(hub.stats()).toMatchObject({ sessions: 1, connections: 1 })
  })

  it('count by address', async () => {
    const { clock, dial, hub } = setUp({ limits: { maxSessionsPerAddress: 1 }, sessionTimeout: 1_000 })
    const first = dial(from('203.0.113.1'))
    await first.greet()
    first.socket.end()
    const second = dial(from('203.0.113.1'))
    await second.say(['hi', { ...newcomer, client: 'c2' }])
    expect(second.socket.closedWith).toEqual({ code: 4429, reason: patience })
    await dial(from('203.0.113.2')).greet({ client: 'c3' })
    await clock.advance(2_000)
    await dial(from('203.0.113.1')).greet({ client: 'c2' })
    expect(hub.stats().sessions).toBe(2)
  })

  it('forget the oldest tombstones', async () => {
    const { dial, hub, join } = setUp({ limits: { maxTombstones: 2 } })
    const oks = []
    for (const client of ['a', 'b', 'c']) {
      const { ok, say } = await join({ client })
      await say('nonsense')
      oks.push(ok)
    }
    expect(hub.stats().tombstones).toBe(2)
    const whys = []
    for (const ok of oks) whys.push((await dial().greet(resuming(ok, 0))).lost?.why)
    expect(whys).toEqual(['unknown', 'protocol', 'protocol'])
  })
})

describe('what one client can use up', () => {
  it('are not all sessions: those of an identity are counted, wherever they come from', async () => {
    const { dial, hub } = setUp({
      limits: { maxSessionsPerIdentity: 2 },
      authenticate: ({ token }) => ({ identity: token ?? null }),
    })
    for (const client of ['a', 'b']) await dial().greet({ client, token: 'mallory' })
    const third = dial(from('203.0.113.1'))
    await third.say(['hi', { ...newcomer, token: 'mallory' }])
    expect(third.socket.closedWith).toEqual({ code: 4429, reason: patience })
    await dial().greet({ token: 'ann' })
    for (const client of ['c', 'd', 'e']) await dial().greet({ client })
    expect(hub.stats().sessions).toBe(6)
  })

  it('are not all connections: an address that does not answer its refusals is not even refused', async () => {
    const { dial, hub, join } = setUp({ limits: { maxConnections: 300, maxConnectionsPerAddress: 2 } })
    const flood = Array.from({ length: 1_000 }, () => {
      const { socket } = dial(from('203.0.113.1'))
      socket.isPolite = false
      return socket
    })
    expect(hub.stats().connections).toBe(102)
    expect(flood.at(-1)).toMatchObject({ isTerminated: true, closedWith: undefined })
    await join()
    expect(hub.stats().sessions).toBe(1)
  })
})

describe('limits of what a client sends', () => {
  const messages = (first: number, last: number): unknown[] =>
    Array.from({ length: last - first + 1 }, (_, index) => [first + index, 0, 'a', first + index])
  const scene = async (options: HubOptions = { limits: { messageRate: 10, messageBurst: 5 } }) => {
    const all = setUp(options)
    const got: unknown[] = []
    all.hub.on('a', (data) => got.push(data))
    return { ...all, got, client: await all.join() }
  }

  it('slow down one that sends too fast: its messages and their acks wait, in order, and nothing is lost', async () => {
    const { client, clock, got, hub } = await scene()
    await client.say(messages(1, 30))
    expect([got, client.take()]).toEqual([[1, 2, 3, 4, 5], [['a', 5]]])
    await client.say([31, 0, 'a', 31])
    await clock.advance(1_000)
    expect([got.length, client.take().at(-1)]).toEqual([15, ['a', 15]])
    await clock.advance(1_700)
    expect(got).toEqual(Array.from({ length: 31 }, (_, index) => index + 1))
    expect(client.socket.closedWith).toBeUndefined()
    expect(hub.stats()).toMatchObject({ receivedMessages: 31, droppedMessages: 0, refused: 0 })
  })

  it('let a client go on at their pace', async () => {
    const { client, clock, got } = await scene()
    for (let seq = 1; seq <= 100; seq++) {
      await client.say([seq, 0, 'a', seq])
      expect(got.length).toBe(seq)
      await clock.advance(101)
    }
  })

  it('need no more than a timer in 20 ms for a client, however many messages wait', async () => {
    const { client, clock, got } = await scene({ limits: { messageRate: 2_000, messageBurst: 100 } })
    await client.say(messages(1, 1_000))
    expect([got.length, clock.pending]).toEqual([100, 3])
    await clock.advance(19)
    expect(got.length).toBe(100)
    await clock.advance(1)
    expect(got.length).toBe(140)
    await clock.advance(500)
    expect(got.length).toBe(1_000)
  })

  it('answer the pings of one that they slow down, who lives', async () => {
    const { client, clock, got, hub } = await scene({
      limits: { messageRate: 1, messageBurst: 1 },
      pingInterval: 10_000,
    })
    await client.say(messages(1, 100))
    for (let second = 0; second < 60; second++) {
      client.take()
      await client.say(['p', 0])
      expect(client.take()).toEqual([['q', got.length]])
      await clock.advance(1_000)
    }
    expect(got.length).toBe(61)
    expect([client.socket.closedWith, hub.stats().connected]).toEqual([undefined, 1])
  })

  it('drop volatile messages that come too fast, and count them', async () => {
    const { client, clock, got, hub } = await scene({
      limits: { messageRate: 10, messageBurst: 5, window: [10, 10_000] },
    })
    await client.say(Array.from({ length: 8 }, (_, index) => [0, 0, 'a', index]))
    expect(got).toEqual([0, 1, 2, 3, 4])
    await client.say([1, 0, 'a', 'kept'])
    for (let index = 0; index < 100; index++) await client.say([0, 0, 'a', index])
    await clock.advance(5_000)
    expect(got.slice(5, 6)).toEqual(['kept'])
    expect(hub.stats()).toMatchObject({ receivedMessages: got.length, droppedMessages: 109 - got.length })
    expect(client.socket.closedWith).toBeUndefined()
  })

  it('replay to a hub what waited there when the connection broke, and a new one is no faster', async () => {
    const { client, clock, dial, got, hub } = await scene()
    await client.say(messages(1, 10))
    client.socket.end()
    const back = dial()
    expect((await back.greet(resuming(client.ok, 0))).rx).toBe(5)
    await back.say(messages(6, 10))
    expect(got.length).toBe(5)
    await clock.advance(500)
    expect(got).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(hub.stats().resumed).toBe(1)
  })

  it('let a client that says bye deliver what it sent before', async () => {
    const { client, clock, got, heard } = await scene()
    await client.say(messages(1, 100))
    await client.say(['bye', { rx: 0 }])
    await clock.advance(1_000)
    expect(got.length).toBe(100)
    expect(client.take().at(-1)).toEqual(['bye', { rx: 100, total: 0 }])
    expect([client.socket.closedWith?.code, heard.at(-1)]).toEqual([
      1000,
      ['closed', { why: 'left', undelivered: 0, unknown: 0 }],
    ])
  })

  it('say how far they came when the application or the hub closes meanwhile', async () => {
    for (const close of ['peer', 'hub'] as const) {
      const { client, clock, got, hub, peers } = await scene()
      await client.say(messages(1, 100))
      if (close === 'peer') peers[0]!.close()
      else void hub.close()
      await clock.advance(1_000)
      expect(got.length).toBe(5)
      expect(client.take().at(-1)).toEqual(['bye', { rx: 5, total: 0 }])
      await client.say(['bye', { rx: 0 }])
      await clock.advance(1_000)
      expect(clock.pending).toBe(0)
    }
  })

  it('leave a client that is slowed down its time when the hub drains', async () => {
    const { client, clock, got, hub } = await scene()
    await client.say(messages(1, 25))
    void hub.close({ drain: 10_000 })
    await clock.advance(2_100)
    expect([got.length, client.take().at(-1)]).toEqual([25, ['a', 25]])
    await client.say(['bye', { rx: 0 }])
    await clock.advance(1_000)
    expect([client.socket.closedWith?.code, clock.pending]).toEqual([1012, 0])
  })

  it('end the session of one that goes on when its window is full', async () => {
    const { client, got } = await scene({ limits: { messageRate: 1, messageBurst: 1, window: [10, 10_000] } })
    await client.say(messages(1, 4_000))
    expect(client.socket.closedWith).toBeUndefined()
    await client.say(messages(4_001, 5_000))
    expect([client.socket.closedWith, got]).toEqual([{ code: 4400, reason: 'window overrun' }, [1]])
  })

  it.each<[string, unknown]>([
    ['pings', ['p', 0]],
    ['acks of nothing new', ['a', 0]],
    ['pongs', ['q', 0]],
    ['tokens', ['token', 'x']],
  ])('close the connection of one that floods the hub with %s, and hold its session', async (_, control) => {
    const { clock, client, dial, heard } = await scene({ pingInterval: 100_000 })
    await clock.advance(60_000)
    for (let n = 0; n < 1_000; n++) client.socket.message(control)
    await settleMicrotasks()
    expect(client.socket.closedWith).toBeUndefined()
    await client.say(control)
    expect(client.socket.closedWith).toEqual({ code: 4429, reason: patience })
    expect(heard.at(-1)).toEqual(['refused', { code: 4429, why: 'over the limits' }])
    expect((await dial().greet(resuming(client.ok, 0))).session).toBe(client.ok.session)
  })

  it('name the peer whose connection they close', async () => {
    const { hub, join, peers } = setUp()
    const refused: unknown[] = []
    hub.watch('refused', ({ why, peer }) => refused.push([why, peer?.id]))
    const { socket } = await join()
    for (let n = 0; n <= 1_000; n++) socket.message(['p', 0])
    expect(refused).toEqual([['over the limits', peers[0]!.id]])
  })

  it('take any number of acks of what the hub sends', async () => {
    const { client, peers } = await scene()
    for (let n = 1; n <= 5_000; n++) {
      peers[0]!.send('m')
      await settleMicrotasks()
      await client.say(['a', n])
    }
    expect(client.socket.closedWith).toBeUndefined()
  })

  it('take any number of pings that each ask for the ack of a message, and of pongs that they asked for', async () => {
    const { client, peers } = await scene({ limits: { messageRate: Infinity } })
    for (let n = 1; n <= 3_000; n++) {
      await client.say([n, 0, 'a', n])
      await client.say(['p', 0])
      expect(client.take().at(-1)).toEqual(['q', n])
    }
    for (let n = 1; n <= 3_000; n++) {
      void peers[0]!.send('m').then()
      await settleMicrotasks()
      expect(client.take()).toEqual([
        [
          [n, 3_000, 'm'],
          ['p', 3_000],
        ],
      ])
      // The handlers of the client are busy, so the ack comes later.
      await client.say(['q', 0])
      if (n % 100 === 0) await client.say(['a', n])
    }
    expect(client.socket.closedWith).toBeUndefined()
  })

  it('close the connection of one that asks again and again for the ack of one message', async () => {
    const { client } = await scene({ limits: { messageRate: Infinity } })
    await client.say([1, 0, 'a', 1])
    for (let n = 0; n < 1_000; n++) client.socket.message(['p', 0])
    await settleMicrotasks()
    expect(client.socket.closedWith).toBeUndefined()
    await client.say(['p', 0])
    expect(client.socket.closedWith?.code).toBe(4429)
  })

  it('have no end when they are to have none', async () => {
    const { client, got } = await scene({ limits: { messageRate: Infinity, messageBurst: 1 } })
    await client.say(messages(1, 1_000))
    expect(got.length).toBe(1_000)
  })

  it('close a connection whose message is too large with 1009, also before the greeting', async () => {
    const { dial, hub, join } = setUp({ limits: { maxPayloadBytes: 65_536 } })
    const client = await join()
    await client.say([1, 0, 'a', 'x'.repeat(65_536)])
    expect(client.socket.closedWith?.code).toBe(1009)
    expect(hub.stats().sessions).toBe(1)
    const stranger = dial()
    await stranger.say('x'.repeat(65_537))
    expect(stranger.socket.closedWith?.code).toBe(1009)
  })
})

describe('limits of what waits for a client', () => {
  it.each<[string, HubOptions['limits']]>([
    ['messages', { maxBufferedMessages: 3 }],
    ['bytes', { maxBufferedBytes: 1_000 }],
  ])('end a session for which too many %s wait, and say so to both ends', async (_, limits) => {
    const { dial, heard, hub, join, peers } = setUp({ limits: limits! })
    const other = await join({ client: 'other' })
    const client = await join()
    const sent = [1, 2, 3, 4].map((n) => peers[1]!.send('m', `${n}${'x'.repeat(300)}`))
    expect(client.socket.closedWith).toEqual({ code: 4410, reason: 'overflow' })
    expect(heard.at(-1)).toMatchObject(['closed', { why: 'overflow' }])
    await settleMicrotasks()
    expect(sent.map(({ outcome }) => outcome?.status)).toEqual(Array(4).fill('undelivered'))
    expect((await dial().greet(resuming(client.ok, 0))).lost).toEqual({ why: 'overflow', rx: 0, missed: 3 })
    expect(other.socket.closedWith).toBeUndefined()
    expect(hub.stats()).toMatchObject({ bufferedMessages: 0, bufferedBytes: 0 })
  })

  it('hold for a client that is away', async () => {
    const { heard, hub, join } = setUp({ limits: { maxBufferedMessages: 2 } })
    const client = await join()
    client.socket.end()
    for (let n = 0; n < 3; n++) hub.broadcast('m', n)
    expect(heard.at(-1)).toEqual(['closed', { why: 'overflow', undelivered: 2, unknown: 0 }])
    expect(hub.peers.size).toBe(0)
  })

  it('do not count what is volatile, nor what the client takes too little for', async () => {
    const { hub, join, peers } = setUp({ limits: { maxBufferedMessages: 1, maxBufferedBytes: 5_000 } })
    await join({ maxPayload: 1_024 })
    for (let n = 0; n < 5; n++) peers[0]!.send('m', n, { volatile: true })
    await settleMicrotasks()
    expect(peers[0]!.send('m', 'x'.repeat(2_000)).outcome).toEqual({
      status: 'undelivered',
      reason: 'too-large',
    })
    peers[0]!.send('m', 1)
    expect(hub.peers.size).toBe(1)
    expect(hub.stats().bufferedMessages).toBe(1)
  })

  it('keep a client from announcing a window without end', async () => {
    const { hub, join, peers, heard } = setUp({ limits: { maxBufferedMessages: 3 } })
    await join({ window: [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] })
    for (let n = 0; n < 4; n++) {
      peers[0]!.send('m', n)
      await settleMicrotasks()
    }
    expect(heard.at(-1)).toEqual(['closed', { why: 'overflow', undelivered: 0, unknown: 3 }])
    expect(hub.peers.size).toBe(0)
  })

  it('cut a socket that takes nothing any more, and the session goes on', async () => {
    const { hub, join, peers, heard } = setUp({ limits: { maxBufferedBytes: 10_000 } })
    const client = await join()
    client.socket.bufferedAmount = 20_001
    await client.say(['p', 0])
    expect(client.socket.isTerminated).toBe(true)
    expect(heard.at(-1)).toEqual(['down', { code: 1006, reason: 'too slow' }])
    expect(peers[0]!.isConnected).toBe(false)
    await settleMicrotasks()
    expect(hub.stats()).toMatchObject({ sessions: 1, connections: 0 })
  })

  it('cut a socket that throws, in the middle of what is sent, and nothing is lost', async () => {
    const { dial, join, peers } = setUp()
    const client = await join()
    client.socket.isBroken = true
    const sent = [
      peers[0]!.send('m', 1),
      peers[0]!.send('cursor', 1, { volatile: true }),
      peers[0]!.send('m', 2),
    ]
    await settleMicrotasks()
    expect(client.socket.isTerminated).toBe(true)
    expect(await sent[1]).toEqual({ status: 'undelivered', reason: 'volatile' })
    const back = dial()
    await back.greet(resuming(client.ok, 0))
    expect(back.frames()).toEqual([
      [1, 0, 'm', 1],
      [2, 0, 'm', 2],
    ])
    await back.say(['a', 2])
    expect([await sent[0], await sent[2]]).toEqual([{ status: 'delivered' }, { status: 'delivered' }])
  })
})

describe('the limit of what waits for all clients together', () => {
  it('ends those that are away longest, until an eighth is free, and nobody else', async () => {
    const { clock, dial, heard, hub, join, peers } = setUp({ limits: { maxBufferedTotalBytes: 13_800 } })
    const clients = []
    for (let n = 0; n < 8; n++) clients.push(await join())
    for (const n of [2, 0, 5, 1]) {
      clients[n]!.socket.end()
      await clock.advance(10)
    }
    for (let n = 1; n <= 21; n++) {
      for (const peer of peers) peer.send('tick', n)
      await settleMicrotasks()
      for (const there of [3, 4, 6, 7]) await clients[there]!.say(['a', n])
    }
    const closed = heard.filter(([kind]) => kind === 'closed')
    expect(closed).toMatchObject([['closed', { why: 'overflow', unknown: 0 }]])
    expect([...hub.peers.keys()]).not.toContain(peers[2]!.id)
    expect((await dial().greet(resuming(clients[2]!.ok, 0))).lost?.why).toBe('overflow')
    expect((await dial().greet(resuming(clients[0]!.ok, 0))).session).toBe(clients[0]!.ok.session)
  })

  it('counts what a message costs, and what many wait for once', async () => {
    const { hub, join, peers } = setUp()
    for (let n = 0; n < 10; n++) (await join()).socket.end()
    hub.broadcast('m', 'x'.repeat(100_000))
    const shared = hub.stats().bufferedBytes
    expect(shared).toBeGreaterThan(100_000 + 100)
    expect(shared).toBeLessThan(101_000)
    for (const peer of peers) peer.send('m', 'x'.repeat(100_000))
    expect(hub.stats().bufferedBytes).toBeGreaterThan(1_100_000)
    for (const peer of peers) peer.close()
    expect(hub.stats()).toMatchObject({ bufferedMessages: 0, bufferedBytes: 0 })
  })

  it('is at the expense of a client that has more than a quarter of it, although others are away longer', async () => {
    const { dial, heard, hub, join, peers } = setUp({
      limits: { maxBufferedTotalBytes: 100_000 },
      authenticate: ({ token }) => ({ identity: token! }),
    })
    for (const token of ['ann', 'bob']) (await join({ token })).socket.end()
    for (let n = 0; n < 4; n++) await dial().greet({ token: 'mallory', window: [1, 1] })
    hub.broadcast('tick')
    for (const peer of peers.slice(2)) for (let n = 0; n < 3; n++) peer.send('answer', 'x'.repeat(10_000))
    expect(heard.filter(([kind]) => kind === 'closed')).toHaveLength(1)
    expect([...hub.peers.values()].map(({ identity }) => identity)).toEqual([
      'ann',
      'bob',
      'mallory',
      'mallory',
      'mallory',
    ])
  })

  it('also ends clients that are there and take nothing, those for which most waits first', async () => {
    const { hub, join, peers } = setUp({ limits: { maxBufferedTotalBytes: 10_000 } })
    for (let n = 0; n < 3; n++) await join({ window: [1, 1] })
    peers[0]!.send('a', 'x'.repeat(1_000))
    peers[1]!.send('a', 'x'.repeat(5_000))
    peers[2]!.send('a', 'x'.repeat(1_000))
    const last = peers[0]!.send('a', 'x'.repeat(3_000))
    expect(hub.peers.size).toBe(2)
    expect(hub.peers.has(peers[1]!.id)).toBe(false)
    expect(last.outcome).toBeUndefined()
  })

  it('is a quarter of the heap limit unless it is given', () => {
    const { limits } = resolveOptions({})
    expect(limits.maxBufferedTotalBytes).toBe(getHeapStatistics().heap_size_limit / 4)
  })
})

describe('options', () => {
  it.each<[HubOptions]>([
    [{ sessionTimeout: 0 }],
    [{ pingInterval: NaN }],
    [{ greetingTimeout: 0.5 }],
    [{ tombstoneTimeout: Infinity }],
    [{ limits: { maxPayloadBytes: 1_000 } }],
    [{ limits: { window: [0, 1] } }],
    [{ limits: { window: 7 as never } }],
    [{ limits: { maxConnections: 0 } }],
    [{ limits: { messageRate: 'fast' as never } }],
    [{ limits: { messageBurst: 0.5 } }],
    [{ limits: { decode: { maxDepth: -1 } } }],
    [{ origins: ['https://example.com/path'] }],
    [{ origins: ['https://'] }],
  ])('are refused when they make no sense: %o', (options) => {
    let error: unknown
    try {
      createHub(options)
    } catch (thrown) {
      error = thrown
    }
    expect(isHoldfastError(error) && error.code).toBe('misuse')
  })

  it('may be undefined', () => {
    const options = {
      sessionTimeout: undefined,
      limits: { maxSessions: undefined, decode: undefined },
      ports: {},
    }
    expect(createHub(options as never).stats().sessions).toBe(0)
  })
})
