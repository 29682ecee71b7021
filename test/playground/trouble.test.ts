import { once } from 'node:events'
import { createServer, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createChatServer } from '../../playground/server/chat.ts'
import { createTrouble } from '../../playground/server/trouble.ts'
import { troubles } from '../../playground/trouble.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { dial, join } from './peer.ts'
import { connect, healed, openWhole } from './whole.ts'

expectNothingLeft()

test('a black hole closes no connection: the heartbeat detects it, and the next connection works', async () => {
  const { host, trouble } = await openWhole()
  const { client, causes } = await connect(host, 'mine')
  const other = await connect(host, 'other')
  const raw = await join(`ws://${host}/ws?page=mine`, 'Raw')
  const heard: unknown[] = []
  const open = healed(client)
  expect(await trouble('black-hole', '?page=mine')).toBe(204)
  void raw.closed.then((code) => heard.push(code))
  void raw.next().then((frame) => heard.push(frame))
  raw.say({ type: 'ping' })
  await open
  const said = new Promise((resolve) => client.once('chat', resolve))
  other.client.send('chat', { message: 'to all' })
  await said
  await sleep(50) // What went to others at the same time would have come by now.
  expect(causes).toEqual([{ reason: 'silent' }])
  expect(heard, 'what the first sockets heard').toEqual([])
  expect(other.causes).toEqual([])
  raw.socket.terminate()
})

test.each([
  [1001, { reason: 'going-away', code: 1001 }],
  [1012, { reason: 'restart', code: 1012 }],
  [4999, { reason: 'closed', code: 4999 }],
])('closing with %d, the client hears that, and heals', async (code, cause) => {
  const { host, trouble } = await openWhole()
  const { client, causes } = await connect(host, 'mine')
  const other = await connect(host, 'other')
  const raw = await dial(`ws://${host}/ws?page=mine`)
  const open = healed(client)
  expect(await trouble('close', `?page=mine&code=${code}`)).toBe(204)
  expect(await raw.closed).toBe(code)
  await open
  expect(causes).toEqual([cause])
  expect(other.causes).toEqual([])
})

test('after a close with a fatal code, the client stops until connect() is called', async () => {
  const { host, trouble } = await openWhole()
  const { client } = await connect(host, 'mine')
  const closed = new Promise((resolve) => client.watch('closed', resolve))
  await trouble('close', '?page=mine&code=4403')
  expect(await closed).toEqual({ reason: 'forbidden', code: 4403 })
  await client.connect()
})

test.each(['', '&code=', '&code=1005', '&code=1006', '&code=1015', '&code=5000', '&code=1000.5', '&code=x'])(
  'no server can close with %j',
  async (code) => {
    const { host, trouble } = await openWhole()
    const { causes } = await connect(host, 'mine')
    expect(await trouble('close', `?page=mine${code}`)).toBe(400)
    expect(causes).toEqual([])
  },
)

test('a page whose connections are refused keeps its existing one, and other pages connect', async () => {
  const { host, trouble } = await openWhole()
  const { client } = await connect(host, 'mine')
  expect(await trouble('refuse', '?page=mine')).toBe(204)
  await expect(dial(`ws://${host}/ws?page=mine`)).rejects.toThrow('503')
  expect(client.state.status).toBe('open')
  await join(`ws://${host}/ws?page=other`, 'Ann')
})

test('a flood of 20,000 messages arrives complete and in order, between the messages of others', async () => {
  const { host, trouble } = await openWhole()
  const { client, causes } = await connect(host, 'mine')
  const other = await join(`ws://${host}/ws?page=other`, 'Bo')
  let expected = 1
  let chats = 0
  client.on('chat', () => chats++)
  const over = new Promise<number>((resolve) =>
    client.on('flood', ({ number, of }) => {
      expect(number).toBe(expected++)
      if (number === of) resolve(of)
    }),
  )
  const startedAt = performance.now()
  expect(await trouble('flood', '?page=mine')).toBe(204)
  other.say({ type: 'chat', message: 'in between' })
  expect(await over).toBe(20_000)
  console.log(`A flood of 20,000 over loopback: ${(performance.now() - startedAt).toFixed(0)} ms`)
  await expect.poll(() => chats).toBe(1)
  expect(await other.nextIsNothing()).toBe(true)
  expect(client.stats().invalid).toBe(0)
  expect(causes).toEqual([])
})

test('a stream of messages keeps its rate', async () => {
  const { host, trouble } = await openWhole()
  const { client } = await connect(host, 'mine')
  let received = 0
  const first = new Promise((resolve) => client.once('flood', resolve))
  client.on('flood', () => received++)
  const begun = performance.now()
  await trouble('stream', '?page=mine')
  await first
  expect(await trouble('flood', '?page=mine'), 'one at a time').toBe(409)
  await expect.poll(() => received).toBeGreaterThan(500)
  const elapsed = performance.now() - begun
  expect(received, 'a thousand a second, and no more').toBeLessThanOrEqual(elapsed + 1)
  await client.dispose()
})

test(
  'a restart closes every connection and listens on the same port again',
  { timeout: 180_000 },
  async () => {
    const { host, trouble } = await openWhole()
    const { client, causes } = await connect(host, 'mine')
    const other = await connect(host, 'other')
    const open = [healed(client), healed(other.client)]
    expect(await trouble('restart', '?page=mine')).toBe(204)
    await Promise.all(open)
    for (const [cause] of [causes, other.causes]) expect(cause).toEqual({ reason: 'going-away', code: 1001 })
    expect(client.state.attempt, 'some attempts found nobody').toBeGreaterThan(2)
    expect(await trouble('restart', '?page=mine')).toBe(204)
  },
)

test('the playground can be closed while it restarts', async () => {
  const { host, trouble, close } = await openWhole()
  const raw = await dial(`ws://${host}/ws?page=mine`)
  await trouble('restart', '?page=mine')
  expect(await raw.closed).toBe(1001)
  await close()
  await expect(dial(`ws://${host}/ws`)).rejects.toThrow('ECONNREFUSED')
})

test.each(['', '?page=', '?page=unknown', '?page=__proto__', '?page=%E0%A4%A'])(
  'a request with %j affects no page',
  async (query) => {
    const { host, trouble } = await openWhole()
    const peers = [await dial(`ws://${host}/ws`), await dial(`ws://${host}/ws?page=mine`)]
    for (const kind of Object.keys(troubles)) expect(await trouble(kind, query)).toBe(404)
    for (const kind of ['', 'unknown', '__proto__', 'constructor', 'toString'])
      expect(await trouble(kind, '?page=mine')).toBe(404)
    for (const peer of peers) expect(await peer.nextIsNothing()).toBe(true)
  },
)

/** A chat with trouble that passes quickly. */
async function openShort(
  durations: Readonly<Partial<Record<'refuseDuration' | 'slowDuration' | 'slowness', number>>>,
): Promise<{ host: string; ask(kind: string): Promise<unknown> }> {
  const http = createServer((request, response) => trouble(request, response))
  const upgrades = new Server()
  const trouble = createTrouble(http, { serverFor: () => upgrades, restart() {}, ...durations })
  const chat = createChatServer(upgrades)
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  onTestFinished(async () => {
    chat.close()
    http.close()
    http.closeAllConnections()
    await once(http, 'close')
  })
  const host = `127.0.0.1:${(http.address() as AddressInfo).port}`
  return { host, ask: (kind) => fetch(`http://${host}/trouble/${kind}?page=mine`, { method: 'POST' }) }
}

test('temporary faults end automatically', async () => {
  const { host, ask } = await openShort({ refuseDuration: 3_000, slowDuration: 3_000, slowness: 100 })
  const peer = await dial(`ws://${host}/ws?page=mine`)
  const roundTrip = async (): Promise<number> => {
    const startedAt = performance.now()
    expect(await peer.nextIsNothing()).toBe(true)
    return performance.now() - startedAt
  }

  await Promise.all([ask('refuse'), ask('slow')])
  await expect(dial(`ws://${host}/ws?page=mine`)).rejects.toThrow('503')
  expect(await roundTrip()).toBeGreaterThan(190)
  await expect.poll(roundTrip).toBeLessThan(90)
  await dial(`ws://${host}/ws?page=mine`)
})

test('healing a page ends what would last, for that page only', async () => {
  const { host, ask } = await openShort({ refuseDuration: 600_000, slowDuration: 600_000, slowness: 200 })
  const peer = await dial(`ws://${host}/ws?page=mine`)
  expect(await ask('heal'), 'there is nothing to heal').toMatchObject({ status: 404 })
  await Promise.all([ask('refuse'), ask('slow')])
  await expect(dial(`ws://${host}/ws?page=mine`)).rejects.toThrow('503')
  const other = await fetch(`http://${host}/trouble/heal?page=other`, { method: 'POST' })
  expect(other.status).toBe(404)
  await expect(dial(`ws://${host}/ws?page=mine`)).rejects.toThrow('503')

  expect(await ask('heal')).toMatchObject({ status: 204 })
  await dial(`ws://${host}/ws?page=mine`)
  const fastest = async (): Promise<number> => {
    const startedAt = performance.now()
    expect(await peer.nextIsNothing()).toBe(true)
    return performance.now() - startedAt
  }
  await expect.poll(fastest, { message: 'nothing is delayed any more' }).toBeLessThan(190)
})

test('a slow line delays a page and its new connections in both directions, and keeps the order', async () => {
  const { host, ask } = await openShort({ slowDuration: 10_000, slowness: 1_000 })
  const old = await dial(`ws://${host}/ws?page=mine`)
  await ask('slow')
  const other = await join(`ws://${host}/ws?page=other`, 'Bo')
  const startedAt = performance.now()
  const elapsed = (): number => performance.now() - startedAt
  const young = dial(`ws://${host}/ws?page=mine`).then(elapsed)
  old.say({ type: 'ping' }, { type: 'join', name: 'Ann' }, { type: 'ping' })
  expect(await other.nextIsNothing(), 'others are as quick as ever').toBe(true)
  expect(elapsed()).toBeLessThan(1_000)
  expect(await old.next()).toMatchObject({ type: 'pong' })
  expect(await old.next()).toMatchObject({ type: 'welcome' })
  expect(await old.next()).toMatchObject({ type: 'pong' })
  expect(elapsed()).toBeGreaterThan(1_990)
  expect(await young).toBeGreaterThan(990)
})
