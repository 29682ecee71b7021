import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { newcomer, resuming, setUp } from '../test/support/set-up.ts'
import type { Authentication } from './index.ts'

describe('a session', () => {
  it('survives its connections: both ends go on where they were', async () => {
    const { dial, hub, join, peers, heard } = setUp()
    const got: unknown[] = []
    hub.on('n', (data) => got.push(data))
    const first = await join()
    peers[0]!.send('m', 1)
    peers[0]!.send('m', 2)
    await settleMicrotasks()
    await first.say([
      [1, 0, 'n', 'a'],
      [2, 1, 'n', 'b'],
    ])
    first.socket.end(1006)
    expect(peers[0]!.isConnected).toBe(false)
    const away = peers[0]!.send('m', 3)

    const second = dial()
    const ok = await second.greet(resuming(first.ok, 1))
    expect(ok).toMatchObject({ session: first.ok.session, key: first.ok.key, rx: 2 })
    expect(ok.lost).toBeUndefined()
    const [, , ...rest] = second.take()
    expect(rest.flat().filter(Array.isArray)).toEqual([])
    expect(rest).toEqual([
      ['a', 2],
      [2, 2, 'm', 2],
      [3, 2, 'm', 3],
    ])
    await second.say([3, 3, 'n', 'c'])
    expect(got).toEqual(['a', 'b', 'c'])
    expect(await away).toEqual({ status: 'delivered' })
    expect(peers).toHaveLength(1)
    expect(heard).toEqual([
      ['open', { resumed: false, replayed: 0 }],
      ['down', { code: 1006, reason: '' }],
      ['open', { resumed: true, replayed: 1 }],
    ])
  })

  it('drops what it has already, and acknowledges it again', async () => {
    const { dial, hub, join } = setUp()
    const got: unknown[] = []
    hub.on('n', (data) => got.push(data))
    const first = await join()
    await first.say([1, 0, 'n', 'a'])
    first.socket.end()
    const second = dial()
    await second.greet(resuming(first.ok, 0))
    second.take()
    await second.say([
      [1, 0, 'n', 'a'],
      [2, 0, 'n', 'b'],
    ])
    expect(got).toEqual(['a', 'b'])
    expect(second.take()).toEqual([['a', 2]])
  })

  it('can be resumed from cursor 0, before any message', async () => {
    const { dial, join, peers } = setUp()
    const first = await join()
    first.socket.end()
    const ok = await dial().greet(resuming(first.ok, 0))
    expect(ok.session).toBe(first.ok.session)
    expect(peers).toHaveLength(1)
  })

  it('is resumed while the hub still believes in the old connection, of which nothing is taken any more', async () => {
    const { dial, hub, join } = setUp()
    const got: unknown[] = []
    hub.on('n', (data) => got.push(data))
    const first = await join()
    first.socket.isPolite = false
    const second = dial()
    const ok = await second.greet(resuming(first.ok, 0))
    expect(ok.session).toBe(first.ok.session)
    expect(first.socket.closedWith?.code).toBe(1000)
    await first.say([1, 0, 'n', 'from the dead'])
    expect(got).toEqual([])
    await second.say([1, 0, 'n', 'alive'])
    expect(got).toEqual(['alive'])
    first.socket.end()
    expect(hub.stats()).toMatchObject({ sessions: 1, connected: 1, connections: 1 })
  })

  it('has the application told of the old connection and then of the new one, when both are settled', async () => {
    const { dial, heard, hub, join, peers } = setUp()
    const first = await join()
    const seen: boolean[] = []
    hub.watch('down', ({ peer }) => seen.push(peer.isConnected))
    await dial().greet(resuming(first.ok, 0))
    expect(heard.slice(1)).toEqual([
      ['down', { code: 1000, reason: 'superseded' }],
      ['open', { resumed: true, replayed: 0 }],
    ])
    expect(seen).toEqual([true])
    expect(peers).toHaveLength(1)
  })

  it('is not touched by the late greeting of a dial that its client has given up', async () => {
    const { dial, hub, join } = setUp()
    const first = await join()
    const late = dial()
    const second = dial()
    await second.greet(resuming(first.ok, 0, 3))
    second.take()
    await late.say(['hi', { ...newcomer, ...resuming(first.ok, 0, 2) }])
    expect(late.socket.closedWith?.code).toBe(1000)
    expect(late.take()).toEqual([['holdfast', { v: 1 }]])
    expect(second.socket.closedWith).toBeUndefined()
    hub.broadcast('still', 1)
    await second.say(['p', 0])
    expect(second.take()).toEqual([
      ['q', 0],
      [1, 0, 'still', 1],
    ])
  })

  it('refuses the same dial twice', async () => {
    const { dial, join } = setUp()
    const first = await join({ n: 5 })
    const again = dial()
    await again.say(['hi', { ...newcomer, ...resuming(first.ok, 0, 5) }])
    expect(again.socket.closedWith?.code).toBe(1000)
    expect(first.socket.closedWith).toBeUndefined()
  })

  it('is taken over by another client that has its key, and the first one is told to stay away', async () => {
    const { dial, join, hub } = setUp()
    const first = await join()
    const copy = dial()
    const ok = await copy.greet({ ...resuming(first.ok, 0, 1), client: 'copy' })
    expect(ok.session).toBe(first.ok.session)
    expect(first.socket.closedWith?.code).toBe(4409)
    expect(hub.stats().sessions).toBe(1)
  })

  it('knows a late greeting of the client that had it before', async () => {
    const { dial, join } = setUp()
    const first = await join({ n: 5 })
    const copy = dial()
    await copy.greet({ ...resuming(first.ok, 0, 1), client: 'copy' })
    const late = dial()
    await late.say(['hi', { ...newcomer, ...resuming(first.ok, 0, 4) }])
    expect(late.socket.closedWith?.code).toBe(1000)
    expect(copy.socket.closedWith).toBeUndefined()
  })

  it('ends for a client that claims to have got what was never sent', async () => {
    const { dial, heard, hub, join } = setUp()
    const first = await join()
    first.socket.end()
    const second = dial()
    await second.say(['hi', { ...newcomer, ...resuming(first.ok, 1) }])
    expect(second.socket.closedWith?.code).toBe(4400)
    expect(hub.stats()).toMatchObject({ sessions: 0, tombstones: 1 })
    expect(heard.slice(2)).toEqual([
      ['closed', { why: 'protocol', undelivered: 0, unknown: 0 }],
      ['refused', { code: 4400, why: 'an ack of the future' }],
    ])
  })

  it('is not given to who guesses its key', async () => {
    const { dial, hub, join, peers } = setUp()
    const first = await join()
    const { session, key } = first.ok
    for (const guess of ['x', `${key.slice(0, -1)}!`, '\u00e9'.repeat(key.length), session]) {
      const ok = await dial().greet({ client: 'thief', session, key: guess, rx: 0 })
      expect(ok.session).not.toBe(session)
      expect(ok.lost).toEqual({ why: 'unknown', rx: null, missed: null })
    }
    expect(first.socket.closedWith).toBeUndefined()
    expect(peers[0]!.isConnected).toBe(true)
    expect(hub.stats().sessions).toBe(5)
  })

  it('expires, and what is left of it tells its client the truth', async () => {
    const { clock, dial, hub, heard, join, peers } = setUp({ sessionTimeout: 60_000 })
    const first = await join()
    peers[0]!.send('m', 1)
    await settleMicrotasks()
    await first.say([
      [1, 0, 'n'],
      [2, 1, 'n'],
    ])
    peers[0]!.send('m', 2)
    await clock.advance(0)
    first.socket.end()
    const waits = peers[0]!.send('m', 3)
    await clock.advance(59_000)
    expect(hub.stats().sessions).toBe(1)
    await clock.advance(3_000)
    expect(hub.stats()).toMatchObject({ sessions: 0, tombstones: 1 })
    expect(heard.at(-1)).toEqual(['closed', { why: 'expired', undelivered: 1, unknown: 1 }])
    expect(waits.outcome).toEqual({ status: 'undelivered', reason: 'session-lost' })

    const ok = await dial().greet(resuming(first.ok, 1))
    expect(ok.session).not.toBe(first.ok.session)
    expect(ok.lost).toEqual({ why: 'expired', rx: 2, missed: 2 })
    // It is told again if it did not hear it.
    expect((await dial().greet(resuming(first.ok, 2, 3))).lost).toEqual({ why: 'expired', rx: 2, missed: 1 })
    // And nobody else is.
    const thief = await dial().greet({ ...resuming(first.ok, 1), key: 'x' })
    expect(thief.lost).toEqual({ why: 'unknown', rx: null, missed: null })
  })

  it('is held as long as it has a connection', async () => {
    const { clock, hub, join } = setUp({ sessionTimeout: 1_000, pingInterval: 100_000 })
    await join()
    await clock.advance(50_000)
    expect(hub.stats().sessions).toBe(1)
  })

  it('does not expire after it was resumed', async () => {
    const { clock, dial, hub, join } = setUp({ sessionTimeout: 1_000, pingInterval: 100_000 })
    const first = await join()
    first.socket.end()
    await clock.advance(900)
    await dial().greet(resuming(first.ok, 0))
    await clock.advance(50_000)
    expect(hub.stats()).toMatchObject({ sessions: 1, connected: 1 })
  })

  it('is forgotten in the end', async () => {
    const { clock, dial, hub, join } = setUp({ sessionTimeout: 1_000, tombstoneTimeout: 10_000 })
    const first = await join()
    first.socket.end()
    await clock.advance(2_000)
    expect(hub.stats().tombstones).toBe(1)
    await clock.advance(10_000)
    expect((await dial().greet(resuming(first.ok, 0))).lost?.why).toBe('unknown')
    expect(hub.stats().tombstones).toBe(0)
    expect(clock.pending).toBeGreaterThan(0)
  })

  it.each([1003, 1007, 1009, 4413, 4422])(
    'is replayed one message at a time to a client that has refused one with %i, until the one at fault is found',
    async (code) => {
      const { dial, join, peers } = setUp()
      const first = await join()
      const [good, bad] = [peers[0]!.send('m', 'good'), peers[0]!.send('m', 'bad')]
      const last = peers[0]!.send('m', 'last')
      await first.say(['a', 0])
      expect(first.take()).toHaveLength(1)
      first.socket.end(code)

      const second = dial()
      await second.greet(resuming(first.ok, 0))
      expect(second.take().slice(2)).toEqual([
        ['a', 0],
        [1, 0, 'm', 'good'],
        [2, 0, 'm', 'bad'],
        [3, 0, 'm', 'last'],
      ])
      second.socket.end(code)

      const third = dial()
      await third.greet(resuming(first.ok, 1, 3))
      expect(third.take().slice(2)).toEqual([
        ['a', 0],
        [2, 0, 'm', 'bad'],
        [3, 0, 'm', 'last'],
      ])
      expect(bad.outcome).toBeUndefined()
      third.socket.end(code)

      const fourth = dial()
      await fourth.greet(resuming(first.ok, 1, 4))
      expect(fourth.take().slice(2)).toEqual([
        ['a', 0],
        [2, 0],
        [3, 0, 'm', 'last'],
      ])
      await fourth.say(['a', 3])
      expect([good.outcome, bad.outcome, last.outcome]).toEqual([
        { status: 'delivered' },
        { status: 'undelivered', reason: 'rejected' },
        { status: 'delivered' },
      ])
    },
  )

  it('does not blame a message of its own for one that the client has sent', async () => {
    const { dial, join, peers } = setUp()
    const first = await join()
    const sent = peers[0]!.send('m', 1)
    await first.say([1, 0, 'n', JSON.parse(`${'['.repeat(100)}${']'.repeat(100)}`)])
    expect(first.socket.closedWith?.code).toBe(1007)
    const second = dial()
    await second.greet(resuming(first.ok, 0))
    await second.say([1, 0, 'n', JSON.parse(`${'['.repeat(100)}${']'.repeat(100)}`)])
    const third = dial()
    await third.greet(resuming(first.ok, 0, 3))
    expect(third.take().slice(2)).toEqual([
      ['a', 0],
      [1, 0, 'm', 1],
    ])
    expect(sent.outcome).toBeUndefined()
  })

  it('sends a client that takes small messages only none that is larger', async () => {
    const { join, peers } = setUp()
    const client = await join({ maxPayload: 1_024 })
    for (let index = 0; index < 5; index++) peers[0]!.send('m', 'x'.repeat(400))
    await client.say(['a', 0])
    expect(client.take()).toHaveLength(5)
    expect(peers[0]!.send('m', 'x'.repeat(1_020)).outcome).toEqual({
      status: 'undelivered',
      reason: 'too-large',
    })
  })
})

describe('a session and who it belongs to', () => {
  const scene = () => {
    let answer: Authentication | undefined = { identity: 'ann' }
    const set = setUp({ authenticate: () => answer })
    return { ...set, become: (next: Authentication | undefined) => (answer = next) }
  }

  it('is authenticated again when it is resumed', async () => {
    const { dial, become, hub, join } = scene()
    const first = await join()
    first.socket.end()
    become(undefined)
    const second = dial()
    await second.say(['hi', { ...newcomer, ...resuming(first.ok, 0) }])
    expect(second.socket.closedWith?.code).toBe(4401)
    // It is still there for who has the right token.
    become({ identity: 'ann' })
    expect((await dial().greet(resuming(first.ok, 0, 3))).session).toBe(first.ok.session)
    expect(hub.stats().sessions).toBe(1)
  })

  it('ends when it is resumed by somebody else, who gets a new one and nothing of the old', async () => {
    const { dial, become, heard, hub, join, peers } = scene()
    const first = await join()
    await first.say([1, 0, 'n'])
    const [got, missed] = [peers[0]!.send('secret', 1), peers[0]!.send('secret', 2)]
    await first.say(['p', 0])
    become({ identity: 'bob' })
    const second = dial()
    const ok = await second.greet(resuming(first.ok, 1))
    expect(ok.session).not.toBe(first.ok.session)
    expect(ok.identity).not.toBe(first.ok.identity)
    expect(ok.lost).toEqual({ why: 'identity', rx: 1, missed: 1 })
    expect(first.socket.closedWith?.code).toBe(4410)
    expect([got.outcome, missed.outcome]).toEqual([
      { status: 'delivered' },
      { status: 'undelivered', reason: 'session-lost' },
    ])
    expect(JSON.stringify(second.take())).not.toContain('secret')
    expect(peers.map(({ identity }) => identity)).toEqual(['ann', 'bob'])
    expect(hub.stats()).toMatchObject({ sessions: 1, tombstones: 1 })
    expect(heard).toContainEqual(['closed', { why: 'identity', undelivered: 1, unknown: 0 }])
  })

  it('does not believe another instance how far the client got', async () => {
    const { dial, become, join, peers } = scene()
    const first = await join()
    const sent = peers[0]!.send('m', 1)
    await first.say(['p', 0])
    become({ identity: 'bob' })
    await dial().greet({ ...resuming(first.ok, 0), client: 'copy' })
    expect(sent.outcome).toEqual({ status: 'unknown', reason: 'session-lost' })
  })

  it('keeps its data, unless the application gives other ones', async () => {
    const { dial, become, join, peers } = scene()
    become({ identity: 'ann', data: { role: 'guest' } })
    const first = await join()
    expect(peers[0]!.data).toEqual({ role: 'guest' })
    peers[0]!.data = { role: 'guest', room: 'lobby' }
    become({ identity: 'ann' })
    await dial().greet(resuming(first.ok, 0))
    expect(peers[0]!.data).toEqual({ role: 'guest', room: 'lobby' })
    become({ identity: 'ann', data: { role: 'admin' } })
    await dial().greet(resuming(first.ok, 0, 3))
    expect(peers[0]!.data).toEqual({ role: 'admin' })
  })
})

describe('resumes of a session', () => {
  it('are refused with a hint while it has replayed more than its share, and the session is held as it is', async () => {
    const { clock, dial, heard, hub, join, peers } = setUp()
    const window = [1e6, 1e9] as const
    const client = await join({ window })
    client.socket.end()
    const data = 'x'.repeat(200)
    const sent = Array.from({ length: 32_000 }, () => peers[0]!.send('m', data))
    let replayed = 0
    let [n, refusals] = [1, 0]
    let last = client
    for (let second = 0; second < 60; second++) {
      for (let attempt = 0; attempt < 5; attempt++) {
        const next = dial()
        await next.say(['hi', { ...newcomer, window, ...resuming(client.ok, 0, ++n) }])
        if (next.socket.closedWith) {
          refusals++
          const { code, reason } = next.socket.closedWith
          const { after } = JSON.parse(reason) as { after: [number, number] }
          expect([code, after[0] > 0, after[1] <= 30_000, after[1] === 2 * after[0]]).toEqual([
            1013,
            true,
            true,
            true,
          ])
          expect(last.socket.closedWith).toBeUndefined()
        } else {
          replayed += next.frames().length
          last = { ...next, ok: client.ok }
        }
      }
      await clock.advance(1_000)
    }
    // Without the limit it would be 300 times as much as waits.
    expect(replayed / 32_000).toBeLessThan(12)
    expect(refusals).toBeGreaterThan(280)
    expect(heard.at(-1)).toEqual(['refused', { code: 1013, why: 'resumed too often' }])

    await clock.advance(30_000)
    const back = dial()
    await back.greet({ window, ...resuming(client.ok, 0, ++n) })
    await back.say(['a', 32_000])
    expect(new Set(await Promise.all(sent.map(async (delivery) => (await delivery).status)))).toEqual(
      new Set(['delivered']),
    )
    expect(hub.stats().sessions).toBe(1)
  })

  it('are never refused to a client with a usual window, though its path breaks every second and brings nothing', async () => {
    const { clock, dial, join, peers } = setUp()
    const window = [1_024, 1_048_576] as const
    const client = await join({ window })
    for (let index = 0; index < 8_000; index++) peers[0]!.send('m', 'x'.repeat(1_000))
    let [socket, n] = [client.socket, 1]
    for (let second = 0; second < 120; second++) {
      socket.end()
      await clock.advance(1_000)
      const next = dial()
      await next.greet({ window, ...resuming(client.ok, 0, ++n) })
      expect(next.frames().length).toBeGreaterThan(1_000)
      socket = next.socket
    }
  })
})
