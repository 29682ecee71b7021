import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { resuming, setUp } from '../test/support/set-up.ts'
import type { AuthenticateContext, Authentication } from './index.ts'

const scene = (expiresIn?: number) => {
  const contexts: AuthenticateContext[] = []
  const answers = new Map<
    string | undefined,
    Authentication | undefined | Promise<Authentication | undefined> | Error
  >()
  const set = setUp({
    pingInterval: 1e9,
    authenticate(context) {
      contexts.push(context)
      const answer = answers.has(context.token) ? answers.get(context.token) : { identity: 'ann', expiresIn }
      if (answer instanceof Error) throw answer
      return answer
    },
  })
  return { ...set, contexts, answers }
}
const isAsked = (client: { take(): unknown[] }): boolean =>
  client.take().some((message) => (message as unknown[])[0] === 'renew')

describe('a token that expires', () => {
  it('is renewed ahead of that, in place', async () => {
    const { answers, clock, contexts, join, peers } = scene(600_000)
    const client = await join({ token: 'one' })
    await clock.advance(539_000)
    expect(isAsked(client)).toBe(false)
    await clock.advance(2_000)
    expect(isAsked(client)).toBe(true)
    answers.set('two', { identity: 'ann', data: 'fresh', expiresIn: 600_000 })
    await client.say(['token', 'two'])
    expect(contexts.at(-1)).toMatchObject({ token: 'two', reason: 'renew' })
    expect(peers[0]!.data).toBe('fresh')
    await clock.advance(40_000)
    expect(client.socket.closedWith).toBeUndefined()
  })

  it('closes the connection with 4401 when no fresh one comes within 30 s, and the session goes on', async () => {
    const { clock, dial, heard, join, peers } = scene()
    const client = await join()
    peers[0]!.renew()
    expect(isAsked(client)).toBe(true)
    await clock.advance(29_000)
    expect(client.socket.closedWith).toBeUndefined()
    await clock.advance(2_000)
    expect(client.socket.closedWith?.code).toBe(4401)
    expect(heard.slice(-2)).toEqual([
      ['down', { code: 4401, reason: 'no fresh token in time' }],
      ['refused', { code: 4401, why: 'no fresh token in time' }],
    ])
    expect((await dial().greet(resuming(client.ok, 0))).session).toBe(client.ok.session)
    expect(peers).toHaveLength(1)
  })

  it('closes the connection with 4401 when the fresh one is refused', async () => {
    const { answers, clock, join } = scene()
    const client = await join()
    answers.set('bad', undefined)
    await client.say(['token', 'bad'])
    expect(client.socket.closedWith?.code).toBe(4401)
    await clock.advance(200_000)
    expect(clock.pending).toBe(0)
  })

  it('ends the session when the fresh one belongs to somebody else', async () => {
    const { answers, dial, heard, join } = scene()
    const client = await join()
    answers.set('bob', { identity: 'bob' })
    await client.say(['token', 'bob'])
    expect(client.socket.closedWith?.code).toBe(4410)
    expect(heard.at(-1)).toEqual(['closed', { why: 'identity', undelivered: 0, unknown: 0 }])
    const ok = await dial().greet({ ...resuming(client.ok, 0), token: 'bob' })
    expect(ok.lost).toEqual({ why: 'identity', rx: 0, missed: 0 })
  })

  it('may be renewed by the client itself, one at a time and by the last', async () => {
    const { answers, contexts, join, peers } = scene()
    const client = await join()
    const { promise, resolve } = Promise.withResolvers<Authentication>()
    answers.set('a', promise)
    answers.set('c', { identity: 'ann', data: 'c' })
    for (const token of ['a', 'b', 'c']) await client.say(['token', token])
    expect(contexts.map(({ token }) => token)).toEqual([undefined, 'a'])
    resolve({ identity: 'ann', data: 'a' })
    await settleMicrotasks()
    expect(contexts.map(({ token }) => token)).toEqual([undefined, 'a', 'c'])
    expect(peers[0]!.data).toBe('c')
  })

  it('is not judged any more when the connection has been replaced', async () => {
    const { answers, contexts, dial, join, peers } = scene()
    const client = await join()
    const { promise, resolve } = Promise.withResolvers<Authentication>()
    answers.set('a', promise)
    await client.say(['token', 'a'])
    await dial().greet(resuming(client.ok, 0))
    expect(contexts[1]!.signal.aborted).toBe(true)
    resolve({ identity: 'bob' })
    await settleMicrotasks()
    expect(peers[0]!.isConnected).toBe(true)
  })

  it('keeps the connection when the fresh one cannot be checked, and asks again until it can', async () => {
    const { answers, clock, contexts, heard, join, peers, reported } = scene(600_000)
    const client = await join()
    await clock.advance(541_000)
    answers.set('two', new Error('the database is away'))
    await client.say(['token', 'two'])
    expect(contexts).toHaveLength(2)
    await clock.advance(15_000)
    // After 1, 2, 4 and 8 s.
    expect(contexts.map(({ token }) => token)).toEqual([undefined, 'two', 'two', 'two', 'two', 'two'])
    expect(reported).toEqual([new Error('the database is away')])
    answers.set('two', { identity: 'ann', data: 'fresh', expiresIn: 600_000 })
    await clock.advance(10_000)
    expect(peers[0]!.data).toBe('fresh')
    await clock.advance(535_000)
    expect(client.socket.closedWith).toBeUndefined()
    expect(heard.map(([kind]) => kind)).toEqual(['open'])
  })

  it('closes the connection with 1013 when it cannot be checked until the old one expires, and the session goes on', async () => {
    const { answers, clock, dial, heard, hub, join } = scene(100_000)
    const client = await join()
    await clock.advance(51_000)
    answers.set('two', new Error('the database is away'))
    await client.say(['token', 'two'])
    await clock.advance(48_900)
    expect(client.socket.closedWith).toBeUndefined()
    await clock.advance(200)
    expect(client.socket.closedWith).toEqual({ code: 1013, reason: '{"after":[1000,10000]}' })
    expect(heard.at(-1)).toMatchObject(['refused', { code: 1013, why: 'authenticate failed' }])
    expect((await dial().greet(resuming(client.ok, 0))).session).toBe(client.ok.session)
    expect(hub.peers.size).toBe(1)
  })

  it('asks again, with a signal that was aborted, when there is no answer whether the fresh one is good', async () => {
    const { answers, clock, contexts, join, peers, warned } = scene(600_000)
    const client = await join()
    await clock.advance(541_000)
    const late = Promise.withResolvers<Authentication>()
    answers.set('two', late.promise)
    await client.say(['token', 'two'])
    await clock.advance(5_100)
    expect([contexts.length, contexts[1]!.signal.aborted]).toEqual([2, true])
    expect(warned).toMatchObject([expect.stringContaining('takes too long')])
    late.reject(contexts[1]!.signal.reason)
    answers.set('two', { identity: 'ann', data: 'fresh' })
    await clock.advance(1_000)
    expect([contexts.length, peers[0]!.data]).toEqual([3, 'fresh'])
    await clock.advance(200_000)
    expect(client.socket.closedWith).toBeUndefined()
  })

  it('is asked about by the last that came while nobody could tell', async () => {
    const { answers, clock, contexts, join, peers } = scene()
    const client = await join()
    for (const token of ['a', 'b']) answers.set(token, new Error('the database is away'))
    for (const token of ['a', 'b']) await client.say(['token', token])
    peers[0]!.renew()
    await clock.advance(600_000)
    expect(contexts.slice(1, 4).map(({ token }) => token)).toEqual(['a', 'b', 'b'])
    // It never expires, so it is asked about every 10 s.
    expect(contexts.length).toBeGreaterThan(55)
    expect(contexts.length).toBeLessThan(70)
    answers.set('c', undefined)
    await client.say(['token', 'c'])
    await clock.advance(10_000)
    expect([contexts.at(-1)!.token, client.socket.closedWith?.code]).toEqual(['c', 4401])
    expect(clock.pending).toBe(1)
  })

  it('is not checked any more when the client has gone', async () => {
    const { answers, clock, contexts, join } = scene(100_000)
    const client = await join()
    await clock.advance(51_000)
    answers.set('two', new Error('the database is away'))
    await client.say(['token', 'two'])
    client.socket.end()
    await clock.advance(30_000)
    expect(contexts).toHaveLength(2)
  })

  it('is fetched every five seconds at most, also when its time was meant in seconds', async () => {
    const { clock, contexts, join, warned } = scene(60)
    const client = await join()
    for (let ms = 0; ms < 60_000; ms += 100) {
      await clock.advance(100)
      if (isAsked(client)) await client.say(['token', 'fresh'])
    }
    expect(contexts.length).toBeGreaterThan(10)
    expect(contexts.length).toBeLessThanOrEqual(14)
    expect(client.socket.closedWith).toBeUndefined()
    expect(warned.filter((text) => text.includes('an expiresIn of 60 ms'))).toHaveLength(1)
  })

  it('leaves no timer behind, whether it holds for seconds or for years', async () => {
    for (const expiresIn of [2_000, 1e12, Infinity]) {
      const { clock, join } = scene(expiresIn)
      const client = await join()
      await clock.advance(1_100)
      expect(isAsked(client)).toBe(expiresIn === 2_000)
      await client.say(['bye', { rx: 0 }])
      expect(clock.pending).toBe(0)
    }
  })

  it('is not asked of a client that is away', async () => {
    const { clock, join } = scene(2_000)
    const client = await join()
    client.take()
    client.socket.end()
    await clock.advance(5_000)
    expect(client.take()).toEqual([])
  })
})
