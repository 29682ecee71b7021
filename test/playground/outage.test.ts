import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient, type Cause } from 'holdfast'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { createChatServer } from '../../playground/server/chat.ts'
import { createOutage } from '../../playground/server/outage.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { dial, join } from './peer.ts'

expectNothingLeft()

type Request = 'cut' | 'unplug' | 'plug'

async function openChat(
  duration: number,
): Promise<{ host: string; cut(query: string, how?: Request): Promise<number> }> {
  const http: Server = createServer((request, response) => outage(request, response))
  const outage = createOutage(http, { duration })
  const chat = createChatServer(http)
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  onTestFinished(async () => {
    chat.close()
    http.close()
    http.closeAllConnections()
    await once(http, 'close')
  })
  const host = `127.0.0.1:${(http.address() as AddressInfo).port}`
  return {
    host,
    cut: async (query, how = 'cut') =>
      (await fetch(`http://${host}/${how}${query}`, { method: 'POST' })).status,
  }
}

test('a page that requests an outage loses its connections abruptly, and gets no new one', async () => {
  const { host, cut } = await openChat(60_000)
  const other = await join(`ws://${host}/ws?page=other`, 'Ann')
  const first = await join(`ws://${host}/ws?page=mine`, 'Bo')
  const second = await dial(`ws://${host}/ws?page=mine`)
  expect(await cut('?page=mine')).toBe(204)
  expect(await first.closed).toBe(1006)
  expect(await second.closed).toBe(1006)
  await expect(dial(`ws://${host}/ws?page=mine`)).rejects.toThrow('socket hang up')

  expect(await other.next()).toMatchObject({ type: 'joined', name: 'Bo' })
  expect(await other.next()).toMatchObject({ type: 'left', name: 'Bo' })
  expect(await other.nextIsNothing()).toBe(true)
  await dial(`ws://${host}/ws`)
})

test('after the outage the page connects again', async () => {
  const { host, cut } = await openChat(300)
  const client = createClient({ url: `ws://${host}/ws?page=mine`, WebSocket, backoff: () => 50 })
  onTestFinished(() => client.dispose())
  await client.connect()
  const causes: Cause[] = []
  client.watch('down', (cause) => causes.push(cause))
  const healed = new Promise((resolve) => client.watch('open', resolve))
  await cut('?page=mine')
  expect(await healed).toMatchObject({ status: 'open' })
  expect(client.state.attempt).toBeGreaterThan(2)
  expect(causes).toMatchObject([{ reason: 'lost', code: 1006 }])
})

test('an unplugged page gets no connection until it is plugged in, and others are not affected', async () => {
  const { host, cut } = await openChat(1)
  const other = await join(`ws://${host}/ws?page=other`, 'Ann')
  const mine = await dial(`ws://${host}/ws?page=mine`)
  expect(await cut('?page=mine', 'unplug')).toBe(204)
  expect(await mine.closed).toBe(1006)
  await expect(dial(`ws://${host}/ws?page=mine`)).rejects.toThrow('socket hang up')
  expect(await cut('?page=mine', 'plug')).toBe(204)
  expect(await (await dial(`ws://${host}/ws?page=mine`)).nextIsNothing()).toBe(true)
  expect(await other.nextIsNothing()).toBe(true)
})

test('a page whose outage would last plugs in again before it is over', async () => {
  const { host, cut } = await openChat(600_000)
  await dial(`ws://${host}/ws?page=mine`)
  expect(await cut('?page=mine')).toBe(204)
  await expect(dial(`ws://${host}/ws?page=mine`)).rejects.toThrow('socket hang up')
  expect(await cut('?page=mine', 'plug')).toBe(204)
  expect(await (await dial(`ws://${host}/ws?page=mine`)).nextIsNothing()).toBe(true)
})

test.each(['', '?', '?page=', '?page=unknown', '?page=__proto__', '?page=%E0%A4%A'])(
  'a request with %j cuts no page off',
  async (query) => {
    const { host, cut } = await openChat(60_000)
    const peers = [await dial(`ws://${host}/ws`), await dial(`ws://${host}/ws?page=mine`)]
    expect(await cut(query)).toBe(404)
    for (const how of ['unplug', 'plug'] as const) expect(await cut(query, how)).toBe(404)
    for (const peer of peers) expect(await peer.nextIsNothing()).toBe(true)
  },
)
