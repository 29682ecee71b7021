import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import type { Peer } from '../index.ts'
import { come, okOf, pair, park, withStore } from '../../test/support/shared-hubs.ts'
import { resuming, setUp } from '../../test/support/set-up.ts'

describe('a client that comes to another hub', () => {
  it('goes on with its session there, and its old connection is closed', async () => {
    const scene = pair()
    const { a, b } = scene
    const arrivals: unknown[] = []
    b.hub.onPeer(({ id }, context) => arrivals.push([id, context]))
    const client = await a.join(park)
    a.peers[0]!.send('x', 1)
    await client.say([1, 0, 'hello', 1])
    client.take()

    const back = await come(scene, b, client.ok, 0, 2)

    expect(okOf(back)).toMatchObject({ session: client.ok.session, key: client.ok.key, rx: 1 })
    expect(okOf(back)!.lost).toBeUndefined()
    expect(back.frames()).toEqual([[1, 1, 'x', 1]])
    expect(client.socket.closedWith?.code).toBe(1000)
    expect(arrivals).toEqual([[client.ok.session, { arrival: 'moved' }]])
    expect(a.heard.at(-1)).toEqual(['closed', { why: 'moved', undelivered: 0, unknown: 1 }])
    expect([a.hub.peers.size, b.hub.peers.size]).toEqual([0, 1])
    expect([a.hub.stats().ended['moved'], b.hub.stats().arrived]).toEqual([1, 1])
  })

  it('gets what comes after that with the next numbers', async () => {
    const scene = pair()
    const { a, b } = scene
    const client = await a.join(park)
    for (const value of [1, 2, 3]) a.peers[0]!.send('x', value)
    await settleMicrotasks()
    const got: unknown[] = []
    b.hub.on('y', (value) => got.push(value))
    a.hub.on('y', (value) => got.push(value))
    await client.say([1, 2, 'y', 1])

    const back = await come(scene, b, client.ok, 2, 2)
    b.peers[0]!.send('x', 4)
    await settleMicrotasks()
    await back.say([1, 3, 'y', 1])
    await back.say([2, 4, 'y', 2])

    expect(back.frames()).toEqual([
      [3, 1, 'x', 3],
      [4, 1, 'x', 4],
    ])
    expect(got).toEqual([1, 2])
  })

  it('loses the connection to a hub that takes it back, too', async () => {
    const scene = pair()
    const { a, b } = scene
    const client = await a.join(park)
    const second = await come(scene, b, client.ok, 0, 2)
    const third = await come(scene, a, client.ok, 0, 3)
    expect(okOf(third)).toMatchObject({ session: client.ok.session })
    expect(second.socket.closedWith?.code).toBe(1000)
    expect([a.hub.peers.size, b.hub.peers.size]).toEqual([1, 0])
  })

  it('is answered 4409 on its old connection if it is another instance', async () => {
    const scene = pair()
    const client = await scene.a.join(park)
    const back = await come(scene, scene.b, client.ok, 0, 1, { client: 'c2' })
    expect(okOf(back)).toMatchObject({ session: client.ok.session })
    expect(client.socket.closedWith?.code).toBe(4409)
  })

  it('is left alone by a late greeting of its own', async () => {
    const scene = pair()
    const { a, b } = scene
    const client = await a.join({ ...park, n: 5 })
    const late = await come(scene, b, client.ok, 0, 4)
    await scene.pass(5_000)
    expect(okOf(late)).toBeUndefined()
    expect(client.socket.closedWith).toBeUndefined()
    expect(a.hub.peers.size).toBe(1)
  })

  it('receives the cursor of its lost session if it has another identity', async () => {
    const authenticate = ({ token }: { token: string | undefined }): { identity: string } => ({
      identity: token ?? 'nobody',
    })
    const scene = pair({ authenticate })
    const { a, b } = scene
    const client = await a.join({ ...park, token: 'ada' })
    a.peers[0]!.send('x', 1)
    await client.say([1, 0, 'y', 1])
    const back = await come(scene, b, client.ok, 0, 2, { token: 'eve' })
    expect(okOf(back)).toMatchObject({ rx: 0, lost: { why: 'identity', rx: 1, missed: 1 } })
    expect(a.heard.at(-1)).toMatchObject(['closed', { why: 'identity' }])
  })

  it('receives nothing of a session with a wrong key', async () => {
    const scene = pair()
    const client = await scene.a.join(park)
    const back = await come(scene, scene.b, { ...client.ok, key: 'wrong' }, 0, 2)
    expect(okOf(back)).toMatchObject({ lost: { why: 'unknown', rx: null, missed: null } })
    expect(client.socket.closedWith).toBeUndefined()
  })

  it('is notified how its session has ended on another hub', async () => {
    const scene = pair()
    const client = await scene.a.join(park)
    await client.say([1, 0, 'y', 1])
    scene.a.peers[0]!.close()
    await scene.pass()
    const back = await come(scene, scene.b, client.ok, 0, 2)
    expect(okOf(back)).toMatchObject({ lost: { why: 'closed', rx: 1, missed: 0 } })
  })

  it('that knows of more than its hub has parked loses the session, and is not at fault', async () => {
    const scene = pair()
    const client = await scene.a.join(park)
    const back = await come(scene, scene.b, client.ok, 7, 2)
    expect(okOf(back)).toMatchObject({ lost: { why: 'unknown', rx: null, missed: null } })
    expect(back.socket.closedWith).toBeUndefined()
  })

  it('before it has confirmed its session goes on with it', async () => {
    const scene = pair()
    const { a, b } = scene
    const dial = a.dial()
    await dial.say(['hi', { v: 1, client: 'c1', n: 1, window: [1, 1_000], maxPayload: 1_024 }])
    const ok = okOf(dial)!
    const back = await come(scene, b, ok, 0, 2)
    expect(okOf(back)).toMatchObject({ session: ok.session, rx: 0 })
  })

  it('waits while the hub has as many sessions as it may', async () => {
    const scene = pair({ limits: { maxSessions: 1 } })
    const { a, b } = scene
    const client = await a.join(park)
    await b.join({ ...park, client: 'c2' })
    const refused = await come(scene, b, client.ok, 0, 2)
    expect(refused.socket.closedWith).toEqual({ code: 1013, reason: '{"after":[10000,30000]}' })
    expect(a.hub.peers.size).toBe(1)
  })

  it('takes the last of two greetings that wait at one hub', async () => {
    const scene = pair()
    const { a, b } = scene
    const client = await a.join(park)
    const dials = [2, 3].map((n) => {
      const dial = b.dial()
      dial.socket.message([
        'hi',
        { v: 1, client: 'c1', window: [1, 1_000], maxPayload: 1_024, ...resuming(client.ok, 0, n) },
      ])
      return dial
    })
    await scene.pass()
    expect(dials[0]!.socket.closedWith?.code).toBe(1000)
    expect(okOf(dials[1]!)).toMatchObject({ session: client.ok.session })
    expect(b.hub.peers.size).toBe(1)
  })

  it('and leaves before it has the session gets it at the next hub', async () => {
    const scene = pair()
    const { a, b } = scene
    const client = await a.join(park)
    a.peers[0]!.send('x', 1)
    const dial = b.dial()
    dial.socket.message([
      'hi',
      { v: 1, client: 'c1', window: [1, 1_000], maxPayload: 1_024, ...resuming(client.ok, 0, 2) },
    ])
    dial.socket.end()
    await scene.pass()
    expect(b.hub.peers.size).toBe(0)
    const back = await come(scene, a, client.ok, 0, 3)
    expect(okOf(back)).toMatchObject({ session: client.ok.session })
    expect(back.frames()).toEqual([[1, 0, 'x', 1]])
  })
})

describe('a hub that closes', () => {
  it('parks the sessions: their clients settle, dial again, and nothing is lost', async () => {
    const scene = pair()
    const { a, b } = scene
    const client = await a.join(park)
    const sent = a.peers[0]!.send('x', 1)
    await settleMicrotasks()
    const closed = a.hub.close({ drain: 5_000 })
    await scene.pass(50)
    expect(client.take()).toContainEqual(['drain', { after: [0, 1_000], within: 5_000, park: true }])
    const late = a.peers[0]!.send('x', 2)
    await settleMicrotasks()
    // It would never be settled here.
    expect(client.frames()).toEqual([])
    await client.say(['a', 1])
    client.socket.end(1000)
    await scene.pass()
    await closed
    expect([await sent, await late]).toEqual([
      { status: 'delivered' },
      { status: 'unknown', reason: 'moved' },
    ])

    const back = await come(scene, b, client.ok, 1, 2)
    expect(okOf(back)).toMatchObject({ session: client.ok.session })
    expect(back.frames()).toEqual([[2, 0, 'x', 2]])
    expect(a.heard.at(-1)).toEqual(['closed', { why: 'moved', undelivered: 0, unknown: 1 }])
  })

  it('takes what is sent while it asks whether the store answers', async () => {
    let answer: (() => void) | undefined
    const slow = withStore(() => ({
      readMailbox: () => new Promise<never[]>((resolve) => (answer = () => resolve([]))),
    }))
    const scene = pair({}, slow)
    const client = await scene.a.join(park)
    const away = await scene.a.join({ ...park, client: 'c2' })
    void scene.a.hub.close({ drain: 5_000 })
    const sent = scene.a.peers[0]!.send('x', 1)
    await settleMicrotasks()
    away.socket.end()
    expect(client.frames()).toEqual([[1, 0, 'x', 1]])
    expect(scene.a.heard.filter(([kind]) => kind === 'closed')).toEqual([])
    answer!()
    await scene.pass(100)
    await client.say(['a', 1])
    expect(await sent).toEqual({ status: 'delivered' })
    expect(scene.a.heard.at(-1)).toMatchObject(['closed', { why: 'moved' }])
  })

  it('parks the session of a client that is away', async () => {
    const scene = pair()
    const { a, b } = scene
    const client = await a.join(park)
    client.socket.end()
    a.peers[0]!.send('x', 1)
    const closed = a.hub.close({ drain: 5_000 })
    await scene.pass()
    await closed
    const back = await come(scene, b, client.ok, 0, 2)
    expect(back.frames()).toEqual([[1, 0, 'x', 1]])
  })

  it('parks the session of a client that does not finish in time', async () => {
    const scene = pair()
    const { a, b } = scene
    const client = await a.join(park)
    const closed = a.hub.close({ drain: 2_000 })
    await scene.pass(3_000)
    expect(client.socket.closedWith?.code).toBe(1012)
    await closed
    expect(okOf(await come(scene, b, client.ok, 0, 2))).toMatchObject({ session: client.ok.session })
  })

  it('lets a client that cannot move say goodbye', async () => {
    const scene = pair()
    const client = await scene.a.join()
    void scene.a.hub.close({ drain: 2_000 })
    await scene.pass(50)
    expect(client.take()).toContainEqual(['drain', { after: [0, 1_000], within: 2_000 }])
    await client.say(['bye', { rx: 0 }])
    expect(scene.a.heard.at(-1)).toMatchObject(['closed', { why: 'drained' }])
  })

  it('ends the sessions if no other hub is there', async () => {
    const scene = pair()
    await scene.b.hub.close()
    const client = await scene.a.join(park)
    void scene.a.hub.close({ drain: 2_000 })
    await scene.pass(50)
    expect(client.take()).toContainEqual(['drain', { after: [0, 1_000], within: 2_000 }])
  })

  it('ends the sessions if the store does not answer', async () => {
    const broken = withStore(() => ({ readMailbox: () => new Promise<never>(() => {}) }))
    const scene = pair({}, broken)
    const client = await scene.a.join(park)
    void scene.a.hub.close({ drain: 5_000 })
    await scene.pass(2_000)
    expect(client.take()).toContainEqual(['drain', { after: [0, 1_000], within: 5_000 }])
  })
})

describe('hub.park', () => {
  it('moves one session, and leaves the others', async () => {
    const scene = pair()
    const { a, b } = scene
    const client = await a.join(park)
    await a.join({ ...park, client: 'c2' })
    a.hub.park(a.peers[0]!)
    expect(client.take()).toContainEqual(['drain', { after: [0, 1_000], within: 5_000, park: true }])
    client.socket.end(1000)
    await scene.pass()
    expect([...a.hub.peers.keys()]).toEqual([a.peers[1]!.id])
    expect(okOf(await come(scene, b, client.ok, 0, 2))).toMatchObject({ session: client.ok.session })
  })

  it('parks the session of a client that does not finish within 5 s', async () => {
    const scene = pair()
    const client = await scene.a.join(park)
    scene.a.hub.park(scene.a.peers[0]!)
    await scene.pass(6_000)
    expect(client.socket.closedWith?.code).toBe(1012)
  })

  it('parks at once for a client that cannot finish', async () => {
    const scene = pair()
    const client = await scene.a.join()
    scene.a.hub.park(scene.a.peers[0]!)
    expect(client.socket.closedWith).toEqual({ code: 1012, reason: '{"after":[0,1000]}' })
  })

  it('is misuse without a broker that keeps sessions', async () => {
    const { hub, join, peers } = setUp()
    await join()
    expect(() => hub.park(peers[0]!)).toThrow('the broker keeps no sessions')
  })
})

describe('a handler that is not done when the session moves', () => {
  it('answers by the hub that has the session, once, also after a second move', async () => {
    const scene = pair()
    const { a, b } = scene
    let finish: ((answer: string) => void) | undefined
    let signal: { readonly aborted: boolean } | undefined
    a.hub.handle('slow', (_, __, context) => {
      signal = context.signal
      return new Promise<string>((resolve) => (finish = resolve))
    })
    const client = await a.join(park)
    await client.say([1, 0, 'slow', 1, { id: 7 }])
    await come(scene, b, client.ok, 0, 2)
    const third = await come(scene, a, client.ok, 0, 3)
    third.take()
    finish!('done')
    await scene.pass()
    expect(third.frames()).toEqual([[1, 1, null, 'done', { re: 7 }]])
    expect(signal!.aborted).toBe(false)
  })

  it('is answered as interrupted when its hub has ended', async () => {
    const scene = pair()
    const { a, b } = scene
    a.hub.handle('slow', () => new Promise(() => {}))
    const client = await a.join(park)
    await client.say([1, 0, 'slow', 1, { id: 7 }])
    const back = await come(scene, b, client.ok, 0, 2)
    back.take()
    await a.hub.close()
    await scene.pass(12_000)
    expect(back.frames()).toMatchObject([[1, 1, null, null, { re: 7, error: 'interrupted' }]])
  })

  it('keeps a hub that closes as long as it drains', async () => {
    const scene = pair()
    const { a, b } = scene
    let finish: ((answer: string) => void) | undefined
    a.hub.handle('slow', () => new Promise<string>((resolve) => (finish = resolve)))
    const client = await a.join(park)
    await client.say([1, 0, 'slow', 1, { id: 7 }])
    let isClosed = false
    void a.hub.close({ drain: 10_000 }).then(() => (isClosed = true))
    await scene.pass(50)
    client.socket.end(1000)
    const back = await come(scene, b, client.ok, 0, 2)
    back.take()
    expect(isClosed).toBe(false)
    finish!('done')
    await scene.pass()
    expect(back.frames()).toEqual([[1, 1, null, 'done', { re: 7 }]])
    expect(isClosed).toBe(true)
  })
})

describe('the application of the former hub', () => {
  it('still sends to the client, by the hub that has the session', async () => {
    const scene = pair()
    const { a, b } = scene
    const client = await a.join(park)
    const peer: Peer = a.peers[0]!
    const back = await come(scene, b, client.ok, 0, 2)
    back.take()
    const outcomes = [
      peer.send('x', 1),
      peer.sendRaw(new Uint8Array([1, 2])),
      peer.send('x', 2, { volatile: true }),
    ]
    await scene.pass()
    expect(await Promise.all(outcomes)).toEqual([
      { status: 'unknown', reason: 'moved' },
      { status: 'unknown', reason: 'moved' },
      { status: 'undelivered', reason: 'volatile' },
    ])
    const [text, bytes] = back.frames()
    expect(text).toEqual([1, 0, 'x', 1])
    expect(bytes).toBeDefined()
    expect(peer.isConnected).toBe(false)
  })

  it('knows that nothing is sent once its hub is closed, and that everything before was', async () => {
    const broker = withStore((node) => ({
      close: async () => {
        await settleMicrotasks()
        await node.close()
      },
    }))
    const scene = pair({}, broker)
    const { a, b } = scene
    const client = await a.join(park)
    const peer: Peer = a.peers[0]!
    const back = await come(scene, b, client.ok, 0, 2)
    back.take()
    const sent: unknown[] = []
    const hub = { isOver: false }
    void a.hub.close().then(() => (hub.isOver = true))
    const passed = scene.pass(10_000)
    while (!hub.isOver) {
      sent.push(peer.send('x', sent.length))
      await settleMicrotasks()
    }
    await passed
    sent.push(peer.send('x', sent.length))
    await scene.pass()
    const outcomes = (await Promise.all(sent)) as { readonly status: string; readonly reason: string }[]
    const posted = outcomes.findIndex(({ status }) => status !== 'unknown')
    expect(posted).toBeGreaterThan(0)
    expect(outcomes.slice(posted)).toEqual(
      outcomes.slice(posted).map(() => ({ status: 'undelivered', reason: 'closed' })),
    )
    expect(back.frames().map(([, , , value]) => value)).toEqual(outcomes.slice(0, posted).map((_, n) => n))
  })

  it('cannot ask the client any more', async () => {
    const scene = pair()
    const client = await scene.a.join(park)
    await come(scene, scene.b, client.ok, 0, 2)
    await expect(scene.a.peers[0]!.request('ask', 1)).rejects.toMatchObject({ code: 'undelivered' })
  })

  it('is told that a request of its own has moved, and the next one has another number', async () => {
    const scene = pair()
    const { a, b } = scene
    const client = await a.join(park)
    const request = a.peers[0]!.request('ask', 1)
    const failed = expect(request).rejects.toMatchObject({ code: 'unknown' })
    await settleMicrotasks()
    const back = await come(scene, b, client.ok, 1, 2)
    await failed
    back.take()
    const next = b.peers[0]!.request('ask', 2)
    await settleMicrotasks()
    expect(back.frames()).toEqual([[2, 0, 'ask', 2, { id: 2 }]])
    await back.say([1, 2, null, 'old', { re: 1 }])
    await back.say([2, 2, null, 'new', { re: 2 }])
    expect(await next).toBe('new')
  })
})

describe('a store that fails', () => {
  it('makes a client come again, and keeps its session', async () => {
    let isBroken = true
    const broker = withStore((node) => ({
      take: (...claim) => (isBroken ? Promise.reject(new Error('away')) : node.take(...claim)),
    }))
    const scene = pair({}, broker)
    const client = await scene.a.join(park)
    const refused = await come(scene, scene.b, client.ok, 0, 2)
    expect(refused.socket.closedWith).toEqual({ code: 1013, reason: '{"after":[1000,10000]}' })
    isBroken = false
    expect(okOf(await come(scene, scene.b, client.ok, 0, 3))).toMatchObject({ session: client.ok.session })
  })

  it('makes a client come again when the other hub does not give its session up in time', async () => {
    const broker = withStore(() => ({ park: () => new Promise<never>(() => {}) }))
    const scene = pair({}, broker)
    const client = await scene.a.join(park)
    const refused = await come(scene, scene.b, client.ok, 0, 2)
    await scene.pass(5_000)
    expect(refused.socket.closedWith).toEqual({ code: 1013, reason: '{"after":[500,2000]}' })
  })

  it('is asked to park again until it answers', async () => {
    let failures = 3
    const broker = withStore((node) => ({
      park: (...state) => (failures-- > 0 ? Promise.reject(new Error('away')) : node.park(...state)),
    }))
    const scene = pair({}, broker)
    const client = await scene.a.join(park)
    const back = await come(scene, scene.b, client.ok, 0, 2)
    await scene.pass(3_000)
    expect(okOf(back)).toMatchObject({ session: client.ok.session })
  })

  it('and gives what is no session makes its client begin anew, and harms nothing else', async () => {
    const broker = withStore((node) => ({
      park: (id, token, state, ttl) =>
        node.park(
          id,
          token,
          { ...state, text: state.text.replace('"joined":[]', '"joined":[["","{"]]') },
          ttl,
        ),
    }))
    const scene = pair({}, broker)
    const { a, b } = scene
    const client = await a.join(park)
    const refused = await come(scene, b, client.ok, 0, 2)
    expect(refused.socket.closedWith).toEqual({ code: 1013, reason: '{"after":[1000,10000]}' })
    expect(b.reported).toHaveLength(1)
    expect(b.hub.peers.size).toBe(0)
    expect(okOf(await come(scene, b, client.ok, 0, 3))).toMatchObject({ lost: { why: 'unknown' } })
  })

  it('does not keep clients from new sessions', async () => {
    const away = (): Promise<never> => Promise.reject(new Error('away'))
    const scene = pair(
      {},
      withStore(() => ({ begin: away, end: away })),
    )
    const client = await scene.a.join(park)
    scene.a.peers[0]!.close()
    await scene.pass(60_000)
    expect(client.ok.lost).toBeUndefined()
  })
})

it('a session of a later version is left to other hubs, and ends with its cursor when none of them reads it', async () => {
  const broker = withStore((node) => ({
    park: (id, token, state, ttl) => node.park(id, token, { ...state, format: 99 }, ttl),
  }))
  const scene = pair({}, broker)
  const client = await scene.a.join(park)
  await client.say([1, 0, 'y', 1])
  let back = await come(scene, scene.b, client.ok, 0, 2)
  for (let n = 3; back.socket.closedWith?.code === 1013; n++) {
    expect(n).toBeLessThan(10)
    back = await come(scene, scene.b, client.ok, 0, n)
  }
  expect(okOf(back)).toMatchObject({ lost: { why: 'unknown', rx: 1 } })
})

it('a session of a hub that closes stays present until its client comes to another hub', async () => {
  const scene = pair()
  const { a, b } = scene
  for (const { hub } of [a, b]) hub.channels('room', { subscribe: () => true, presence: true })
  const watcher = await b.join({ client: 'c9' })
  await watcher.say(['channel', { join: [['room:1', null, { presence: true }]], n: 1 }])
  const client = await a.join(park)
  a.peers[0]!.join('room:1', { presence: 1 })
  await scene.pass()
  // Later changes wait for the next write.
  a.peers[0]!.join('room:0')
  watcher.take()
  const closed = a.hub.close()
  await scene.pass()
  await closed
  await come(scene, b, client.ok, 0, 2)
  await scene.pass(5_000)
  const changes = (watcher.take() as unknown[][]).filter(
    ([name, content]) => name === 'channel' && 'here' in (content as object),
  )
  expect(changes).toEqual([])
})

it('a session that moves keeps the channels that the application has joined for it, and stays present', async () => {
  const scene = pair()
  const { a, b } = scene
  for (const { hub } of [a, b]) hub.channels('room', { subscribe: () => true, presence: true })
  const client = await a.join(park)
  a.peers[0]!.join('room:1', { presence: { name: 'Ann' } })
  const watcher = await b.join({ client: 'c9' })
  await watcher.say(['channel', { join: [['room:1', null, { presence: true }]], n: 1 }])
  await scene.pass()
  watcher.take()

  const back = await come(scene, b, client.ok, 0, 2)
  await scene.pass(5_000)
  const changes = (watcher.take() as unknown[][]).filter(
    ([name, content]) => name === 'channel' && 'here' in (content as object),
  )
  expect(changes).toEqual([])
  back.take()
  await b.hub.channel('room:1').publish('news', 1)
  await scene.pass()
  expect(back.frames()).toEqual([[0, 0, 'news', 1]])
  expect(await a.hub.channel('room:1').presence()).toHaveLength(2)
})
