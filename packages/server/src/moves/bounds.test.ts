// What clients that move can make grow, and how fast they may send.
import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import type { Ok } from '@holdfast/protocol'
import { memory } from '../index.ts'
import type { TracedMessage, TraceResult } from '../index.ts'
import { come, okOf, pair, park, withStore } from '../../test/support/shared-hubs.ts'
import { resuming } from '../../test/support/set-up.ts'
import type { FakeClient } from '../../test/support/set-up.ts'
import type { Scene } from '../../test/support/shared-hubs.ts'

const never = withStore.bind(undefined, () => ({ park: () => new Promise<never>(() => {}) }))

/** Dials, and says hi without waiting for an answer. */
function dial(to: Scene, ok: Ok, hi: object = {}): FakeClient {
  const client = to.dial()
  client.socket.message([
    'hi',
    { v: 1, client: 'c1', window: [100, 1e5], maxPayload: 1e6, park: true, ...resuming(ok, 0, 2), ...hi },
  ])
  return client
}

describe('claims', () => {
  const authenticate = ({ token = 'ada' }: { token?: string | undefined }): { identity: string } => ({
    identity: token,
  })

  it('beyond maxClaims are closed with 1013 and a hint, and counted', async () => {
    const hubs = pair({ authenticate, limits: { maxClaims: 2 } }, never())
    const oks: Ok[] = []
    for (const token of ['ann', 'ben', 'cid']) oks.push((await hubs.a.join({ ...park, token })).ok)
    const tokens = ['ann', 'ben', 'cid']
    const clients = oks.map((ok, at) => dial(hubs.b, ok, { token: tokens[at]! }))
    await hubs.pass(100)
    expect(clients.map(({ socket }) => socket.closedWith)).toEqual([
      undefined,
      undefined,
      { code: 1013, reason: '{"after":[10000,30000]}' },
    ])
    expect(hubs.b.hub.stats().limitHits.maxClaims).toBe(1)
    expect(hubs.b.warned[0]).toContain('`limits.maxClaims` is 2')
  })

  it('of one identity that has more than a quarter give way to those of others', async () => {
    const hubs = pair({ authenticate, limits: { maxClaims: 4 } }, never())
    const greedy: Ok[] = []
    for (let count = 0; count < 4; count++)
      greedy.push((await hubs.a.join({ ...park, token: 'eve', client: `e${count}` })).ok)
    const { ok } = await hubs.a.join({ ...park, token: 'ann' })
    const clients = greedy.map((one) => dial(hubs.b, one, { token: 'eve' }))
    await settleMicrotasks()
    const client = dial(hubs.b, ok, { token: 'ann' })
    await hubs.pass(100)
    expect(clients.map(({ socket }) => socket.closedWith?.code)).toEqual([
      1013,
      undefined,
      undefined,
      undefined,
    ])
    expect(client.socket.closedWith).toBeUndefined()
  })

  it('with a wrong key do not disturb the client that waits for its session', async () => {
    let answer: (() => void) | undefined
    const slow = withStore((node) => ({
      async park(...state) {
        await new Promise<void>((resolve) => (answer = resolve))
        return await node.park(...state)
      },
    }))
    const hubs = pair({}, slow)
    const client = await hubs.a.join(park)
    const waiting = dial(hubs.b, client.ok)
    await hubs.pass(100)
    const stranger = dial(hubs.b, { ...client.ok, key: 'wrong' }, { client: 'c9', n: 9 })
    await hubs.pass(100)
    expect(okOf(stranger)).toMatchObject({ lost: { why: 'unknown', rx: null } })
    expect(waiting.socket.closedWith).toBeUndefined()
    answer!()
    await hubs.pass()
    expect(okOf(waiting)).toMatchObject({ session: client.ok.session })
  })

  it('with a wrong key are answered at once by the hub that has the session', async () => {
    let takes = 0
    const counting = withStore((node) => ({ take: (...claim) => (takes++, node.take(...claim)) }))
    const hubs = pair({}, counting)
    const client = await hubs.a.join(park)
    const stranger = dial(hubs.a, { ...client.ok, key: 'wrong' })
    await settleMicrotasks()
    expect(okOf(stranger)).toMatchObject({ lost: { why: 'unknown', rx: null } })
    expect(takes).toBe(0)
  })

  it('at the hub that parks the session are closed with 1013 and a hint if that takes too long', async () => {
    const hubs = pair({}, never())
    const client = await hubs.a.join(park)
    hubs.a.hub.park(hubs.a.peers[0]!)
    client.socket.end(1000)
    await settleMicrotasks()
    const back = dial(hubs.a, client.ok)
    await hubs.pass(5_000)
    expect(back.socket.closedWith).toEqual({ code: 1013, reason: '{"after":[500,2000]}' })
  })
})

describe('maxParkedTotalBytes', () => {
  const sessionTimeout = 10_000
  // The store has a clock of its own, in which no session expires.
  const setUp = (maxParkedTotalBytes: number): ReturnType<typeof pair> =>
    pair({ sessionTimeout, limits: { maxParkedTotalBytes } }, memory({ now: () => 0 }))

  it('ends a session that is to move as overflow, with its final cursor', async () => {
    const hubs = setUp(5_000)
    const client = await hubs.a.join(park)
    await client.say([1, 0, 'y', 1])
    const sent = hubs.a.peers[0]!.send('x', 'x'.repeat(5_000))
    await settleMicrotasks()
    const back = await come(hubs, hubs.b, client.ok, 0, 2)
    expect(okOf(back)).toMatchObject({ lost: { why: 'overflow', rx: 1, missed: 1 } })
    expect(await sent).toMatchObject({ status: 'unknown', reason: 'session-lost' })
    expect(hubs.a.hub.stats().limitHits.maxParkedTotalBytes).toBe(1)
  })

  it('counts what was parked until the store has forgotten it', async () => {
    const hubs = setUp(2_000)
    const parkOne = async (client: string): Promise<unknown> => {
      const { ok } = await hubs.a.join({ ...park, client })
      const back = await come(hubs, hubs.b, ok, 0, 2, { client })
      return okOf(back)!.lost?.why ?? 'moved'
    }
    expect([await parkOne('c1'), await parkOne('c2')]).toEqual(['moved', 'overflow'])
    await hubs.pass(sessionTimeout + 1_000)
    expect(await parkOne('c3')).toBe('moved')
  })

  it('makes what is sent to a session that has moved undelivered', async () => {
    const hubs = setUp(5_000)
    const client = await hubs.a.join(park)
    const peer = hubs.a.peers[0]!
    const back = await come(hubs, hubs.b, client.ok, 0, 2)
    back.take()
    const sent = [peer.send('x', 'x'.repeat(2_000)), peer.send('x', 'y'.repeat(4_000)), peer.send('x', 'z')]
    await hubs.pass()
    expect(await Promise.all(sent)).toEqual([
      { status: 'unknown', reason: 'moved' },
      { status: 'undelivered', reason: 'overflow' },
      { status: 'unknown', reason: 'moved' },
    ])
    expect(back.frames().map(([, , , value]) => String(value)[0])).toEqual(['x', 'z'])
  })

  it('and requests that run leave no timer behind when their hubs are closed', async () => {
    const hubs = setUp(5_000)
    hubs.a.hub.handle('slow', () => new Promise(() => {}))
    const client = await hubs.a.join(park)
    await client.say([1, 0, 'slow', 1, { id: 7 }])
    const back = await come(hubs, hubs.b, client.ok, 0, 2)
    back.socket.end()
    let pending: number | undefined
    void Promise.all([hubs.a.hub.close(), hubs.b.hub.close()]).then(() => (pending = hubs.clock.pending))
    await hubs.pass(20_000)
    expect(pending).toBe(0)
  })
})

it('an answer for which a mailbox has no room is posted once there is some', async () => {
  let isFull = true
  const broker = withStore((node) => ({
    post: (...args) => (isFull ? Promise.resolve('full' as const) : node.post(...args)),
  }))
  const hubs = pair({}, broker)
  let finish: ((answer: string) => void) | undefined
  hubs.a.hub.handle('slow', () => new Promise<string>((resolve) => (finish = resolve)))
  const client = await hubs.a.join(park)
  await client.say([1, 0, 'slow', 1, { id: 7 }])
  const back = await come(hubs, hubs.b, client.ok, 0, 2)
  back.take()
  finish!('done')
  await hubs.pass(3_000)
  expect(back.frames()).toEqual([])
  isFull = false
  await hubs.pass(3_000)
  expect(back.frames()).toEqual([[1, 1, null, 'done', { re: 7 }]])
})

describe('a client that moves', () => {
  it('gets no new tokens for its messages', async () => {
    const hubs = pair({ limits: { messageRate: 1, messageBurst: 4 } })
    const got: unknown[] = []
    for (const { hub } of [hubs.a, hubs.b]) hub.on('y', (value) => got.push(value))
    const client = await hubs.a.join(park)
    for (const seq of [1, 2, 3, 4]) await client.say([seq, 0, 'y', seq])
    const back = dial(hubs.b, client.ok)
    await hubs.pass(500)
    expect(okOf(back)).toMatchObject({ session: client.ok.session, rx: 4 })
    await back.say(['a', 0])
    for (const seq of [5, 6, 7, 8]) await back.say([seq, 0, 'y', seq])
    expect(got).toEqual([1, 2, 3, 4])
    await hubs.pass(10_000)
    expect(got).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  it('gets no new tokens for its publications', async () => {
    const hubs = pair({ limits: { publishRate: 0.001, publishBurst: 2 } })
    for (const { hub } of [hubs.a, hubs.b])
      hub.channels('room', { subscribe: () => true, publish: () => true })
    const client = await hubs.a.join(park)
    const publish = (seq: number): unknown => [
      seq,
      0,
      'n',
      seq,
      { id: seq, channel: 'room:1', pub: `p${seq}` },
    ]
    for (const seq of [1, 2]) await client.say(publish(seq))
    const back = await come(hubs, hubs.b, client.ok, 2, 2)
    back.take()
    await back.say(publish(3))
    await hubs.pass()
    expect(back.frames().map(([, , , , meta]) => meta)).toMatchObject([{ re: 3, error: 'rate' }])
  })

  it('has the traces of its messages ended by the hub that began them, once', async () => {
    const log: unknown[] = []
    const trace = ({ direction, name, data }: TracedMessage): { end(result: TraceResult): void } => {
      log.push(['begin', direction, name, data])
      return { end: (result) => log.push(['end', direction, name, data, result]) }
    }
    const hubs = pair({ trace })
    let finish: ((answer: string) => void) | undefined
    hubs.a.hub.handle('slow', () => new Promise<string>((resolve) => (finish = resolve)))
    const client = await hubs.a.join(park)
    await client.say([1, 0, 'slow', 1, { id: 7 }])
    hubs.a.peers[0]!.send('x', 2)
    await settleMicrotasks()
    const back = await come(hubs, hubs.b, client.ok, 0, 2)
    await back.say(['a', 1])
    finish!('done')
    await hubs.pass()
    expect(log).toEqual([
      ['begin', 'in', 'slow', 1],
      ['begin', 'out', 'x', 2],
      ['end', 'out', 'x', 2, { outcome: { status: 'unknown', reason: 'moved' } }],
      ['end', 'in', 'slow', 1, {}],
    ])
  })
})
