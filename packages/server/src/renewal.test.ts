import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { resuming, setUp } from '../test/support/set-up.ts'
import type { AuthenticateContext, Authentication } from './index.ts'

const scene = (expiresIn?: number) => {
  const contexts: AuthenticateContext[] = []
  const answers = new Map<
    string | undefined,
    Authentication | undefined | Promise<Authentication | undefined>
  >()
  const set = setUp({
    pingInterval: 1e9,
    authenticate(context) {
      contexts.push(context)
      return answers.has(context.token) ? answers.get(context.token) : { identity: 'ann', expiresIn }
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
