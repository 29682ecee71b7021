import { createClient, ping, plain } from 'holdfast'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Chat } from '../../playground/contract.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { openChat, openPair } from './chat-server.ts'
import { dial, join } from './peer.ts'

expectNothingLeft()

describe('a conversation', () => {
  test('a welcome contains the own id and name, the time of the server and the other participants', async () => {
    const { url } = await openChat()
    const ann = await dial(url)
    const before = Date.now()
    ann.say({ type: 'join', name: 'Ann' })
    const welcome = await ann.next()
    expect(welcome).toEqual({ type: 'welcome', id: '1', name: 'Ann', at: expect.any(Number), others: [] })
    expect(welcome['at']).toBeGreaterThanOrEqual(before)
    expect(welcome['at']).toBeLessThanOrEqual(Date.now())

    const bo = await dial(url)
    bo.say({ type: 'join', name: 'Bo' })
    expect(await bo.next()).toMatchObject({ id: '2', name: 'Bo', others: [{ id: '1', name: 'Ann' }] })
    expect(await ann.next()).toEqual({ type: 'joined', id: '2', name: 'Bo', at: expect.any(Number) })
  })

  test('a message is sent to the others, with the time of the server, and not to its sender', async () => {
    const { url, ann, bo } = await openPair()
    const cy = await join(url, 'Cy')
    await Promise.all([ann.next(), bo.next()])
    ann.say({ type: 'chat', message: 'hi', at: 5, id: '2', name: 'Bo' })
    const expected = { type: 'chat', id: '1', name: 'Ann', message: 'hi', at: expect.closeTo(Date.now(), -4) }
    expect(await bo.next()).toEqual(expected)
    expect(await cy.next()).toEqual(expected)
    expect(await ann.nextIsNothing()).toBe(true)
  })

  test('a typing event is sent to the others', async () => {
    const { ann, bo } = await openPair()
    ann.say({ type: 'typing' })
    expect(await bo.next()).toEqual({ type: 'typing', id: '1', name: 'Ann' })
    expect(await ann.nextIsNothing()).toBe(true)
  })

  test.each(['close', 'terminate'] as const)(
    'a participant that leaves by %s is announced once',
    async (how) => {
      const { url, ann, bo } = await openPair()
      bo.socket[how]()
      expect(await ann.next()).toEqual({ type: 'left', id: '2', name: 'Bo', at: expect.any(Number) })
      expect(await ann.nextIsNothing()).toBe(true)
      const cy = await dial(url)
      cy.say({ type: 'join', name: 'Cy' })
      expect((await cy.next())['others']).toEqual([{ id: '1', name: 'Ann' }])
    },
  )

  test('a ping is answered by a pong, before joining and after', async () => {
    const peer = await dial((await openChat()).url)
    peer.say({ type: 'ping' })
    expect(await peer.next()).toEqual({ type: 'pong' })
    peer.say({ type: 'join', name: 'Ann' }, { type: 'ping' })
    await peer.next()
    expect(await peer.next()).toEqual({ type: 'pong' })
  })

  test('a connection that has not joined receives no messages, can send none, and is not announced', async () => {
    const { url } = await openChat()
    const ann = await join(url, 'Ann')
    const silent = await dial(url)
    silent.say({ type: 'chat', message: 'hi' }, { type: 'typing' })
    expect(await silent.next()).toEqual({ type: 'error', message: 'join first' })
    expect(await silent.next()).toEqual({ type: 'error', message: 'join first' })
    ann.say({ type: 'chat', message: 'hi' })
    expect(await ann.nextIsNothing()).toBe(true)
    expect(await silent.nextIsNothing()).toBe(true)
    silent.socket.close()
    await silent.closed
    expect(await ann.nextIsNothing()).toBe(true)
  })

  test('the Holdfast client works with the chat server: greeting, events, heartbeat, queue', async () => {
    const { url, bo } = await openPair()
    const client = createClient<Chat>({
      url,
      WebSocket,
      wire: plain({
        greet: () => JSON.stringify({ type: 'join', name: 'Cy' }),
        greeted: ({ type }) => type === 'welcome',
        heartbeat: ping({ message: '{"type":"ping"}', isReply: ({ type }) => type === 'pong', interval: 20 }),
      }),
    })
    onTestFinished(() => client.dispose())
    const welcome = new Promise((resolve) => client.once('welcome', resolve))
    const delivery = client.send('chat', { message: 'queued' })
    await client.connect()
    expect(await welcome).toMatchObject({ name: 'Cy', others: [{ name: 'Ann' }, { name: 'Bo' }] })
    expect(await delivery).toEqual({ status: 'sent' })
    expect(await bo.next()).toMatchObject({ type: 'joined', name: 'Cy' })
    expect(await bo.next()).toMatchObject({ type: 'chat', message: 'queued' })
    await expect.poll(() => client.stats().rtt).toBeGreaterThan(0)
    expect(client.stats().invalid).toBe(0)
  })
})

describe('names', () => {
  async function nameOf(url: string, name: string): Promise<unknown> {
    const peer = await dial(url)
    peer.say({ type: 'join', name })
    return (await peer.next())['name']
  }

  test('a used name gets a number, regardless of case', async () => {
    const { url } = await openChat()
    expect(await nameOf(url, 'Ann')).toBe('Ann')
    expect(await nameOf(url, 'ann')).toBe('ann 2')
    expect(await nameOf(url, 'Ann')).toBe('Ann 3')
    expect(await nameOf(url, 'Ａnn')).toBe('Ann 4')
  })

  test.each([
    ['  Ann \n Lee ', 'Ann Lee'],
    ['A\u202enn\u200b', 'A nn'],
    ['', 'Guest'],
    [' \u200b\u0000 ', 'Guest'],
    ['x'.repeat(10_000), 'x'.repeat(24)],
    ['x'.repeat(23) + '😀', 'x'.repeat(23)],
    ['<b>Ann</b>', '<b>Ann</b>'],
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
  ])('%j becomes %j', async (wanted, given) => {
    expect(await nameOf((await openChat()).url, wanted)).toBe(given)
  })

  test('joining again changes the name, and the own old name counts as free', async () => {
    const { ann, bo } = await openPair()
    ann.say({ type: 'join', name: 'Bo' }, { type: 'join', name: 'Anna' }, { type: 'join', name: 'anna' })
    expect(await ann.next()).toMatchObject({ type: 'welcome', id: '1', name: 'Bo 2' })
    expect(await bo.next()).toMatchObject({ type: 'joined', id: '1', name: 'Bo 2' })
    expect(await bo.next()).toMatchObject({ type: 'joined', id: '1', name: 'Anna' })
    expect(await bo.next()).toMatchObject({ type: 'joined', id: '1', name: 'anna' })
  })

  test('a new connection with the same key replaces the old one, and takes its name', async () => {
    const { url, bo } = await openPair()
    const old = await dial(url)
    old.say({ type: 'join', name: 'Cy', key: 'secret' })
    await old.next()
    const young = await dial(url)
    young.say({ type: 'join', name: 'Cy', key: 'secret' })
    expect(await young.next()).toMatchObject({ name: 'Cy', others: [{ name: 'Ann' }, { name: 'Bo' }] })
    expect(await old.closed).toBe(4409)
    expect(await bo.next()).toMatchObject({ type: 'joined', id: '3' })
    expect(await bo.next()).toMatchObject({ type: 'left', id: '3' })
    expect(await bo.next()).toMatchObject({ type: 'joined', id: '4' })
    expect(await bo.nextIsNothing()).toBe(true)
  })
})

describe('connecting to the playground', () => {
  async function statusOf(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
    const socket = new WebSocket(url, { headers })
    socket.on('error', () => {})
    onTestFinished(() => socket.terminate())
    return new Promise((resolve) => {
      socket.on('open', () => resolve(101))
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0))
    })
  }

  test('a page of the same host may connect, and so may programs without an origin', async () => {
    const { url } = await openChat()
    const { host } = new URL(url)
    expect(await statusOf(url, {})).toBe(101)
    expect(await statusOf(url, { origin: `http://${host}` })).toBe(101)
  })

  test.each([
    'https://evil.example',
    'http://127.0.0.1',
    'http://127.0.0.1:1',
    'http://localhost',
    'null',
    'not a url',
    '//',
  ])('not a page of %s', async (origin) => {
    expect(await statusOf((await openChat()).url, { origin })).toBe(403)
  })

  test('a page of a foreign name that resolves to this machine may not connect, unless through a proxy', async () => {
    const { url } = await openChat()
    const page = (host: string) => ({ host, origin: `http://${host}` })
    expect(await statusOf(url, page('evil.example'))).toBe(403)
    expect(await statusOf(url, page('localhost:5173'))).toBe(101)
    expect(await statusOf(url, { ...page('demo.example'), 'x-forwarded-for': '203.0.113.1' })).toBe(101)
  })

  test('no page may connect on another path', async () => {
    expect(await statusOf((await openChat()).url.replace('/ws', '/other'), {})).toBe(400)
  })

  test('the server does not offer compression', async () => {
    const peer = await dial((await openChat()).url, { perMessageDeflate: true })
    expect(peer.socket.extensions).toBe('')
  })
})

test('closing closes every connection with 1001, and does not wait for silent peers', async () => {
  const { url, close } = await openChat()
  const polite = await join(url, 'Ann')
  const silent = await join(url, 'Bo')
  silent.socket.pause()
  const startedAt = performance.now()
  const closed = close()
  expect(await polite.closed).toBe(1001)
  await closed
  // It waits for a second.
  expect(performance.now() - startedAt).toBeLessThan(20_000)
  silent.socket.terminate()
})
