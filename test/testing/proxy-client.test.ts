import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHub } from '@holdfast/server'
import type { Hub } from '@holdfast/server'
import { startFaultProxy } from '@holdfast/testing/proxy'
import type { FaultProxy } from '@holdfast/testing/proxy'
import { createClient, ping, plain, session } from 'holdfast'
import type { Client, ClientOptions } from 'holdfast'
import { describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { expectNothingLeft } from '../support/leaks.ts'
import { next } from '../support/stage.ts'

expectNothingLeft()

interface Scene extends AsyncDisposable {
  readonly client: Client
  readonly proxy: FaultProxy
  /** What the server got. */
  readonly heard: unknown[]
}

/** A client on the plain wire, whose server answers with what it gets. */
async function plainScene(rules: string[], options: Partial<ClientOptions> = {}): Promise<Scene> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const heard: unknown[] = []
  server.on('connection', (socket) =>
    socket.on('message', (data: Buffer) => {
      heard.push((JSON.parse(data.toString()) as { n?: unknown }).n)
      socket.send(data.toString())
    }),
  )
  const proxy = await startFaultProxy({ target: (server.address() as AddressInfo).port, rules })
  const client = createClient({ url: proxy.url, backoff: () => 10, ...options })
  return {
    client,
    proxy,
    heard,
    async [Symbol.asyncDispose]() {
      await client.dispose()
      await proxy.close()
      for (const socket of server.clients) socket.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The server answers with what it gets, pings too. */
const heartbeat = plain({
  heartbeat: ping({
    message: '{"type":"ping"}',
    isReply: ({ type }) => type === 'ping',
    interval: 100,
    timeout: 200,
  }),
})

/** A client that has a session with a hub. */
async function sessionScene(...rules: string[]): Promise<Scene & { readonly hub: Hub }> {
  const hub = createHub()
  const http = createServer()
  hub.attach(http, { path: '/ws' })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const { port } = http.address() as AddressInfo
  const heard: unknown[] = []
  hub.on('n', (n, peer) => {
    heard.push(n)
    peer.send('n', n)
  })
  const proxy = await startFaultProxy({ target: `ws://127.0.0.1:${port}/ws`, rules })
  const client = createClient({ url: proxy.url, wire: session(), backoff: () => 10 })
  return {
    client,
    proxy,
    heard,
    hub,
    async [Symbol.asyncDispose]() {
      await client.dispose()
      await hub.close()
      await proxy.close()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

describe('a client on the plain wire', () => {
  test('a client connects after two refused dials and one unanswered dial', async () => {
    await using scene = await plainScene(
      ['connections from 1 to 2: refuse', 'connection 3: accept late 10min'],
      { attemptTimeout: 500 },
    )
    await scene.client.connect()
    // The WebSocket of Node dials once more by itself when it is left while it dials.
    expect(scene.proxy.dials).toBeGreaterThanOrEqual(4)
    expect(scene.client.state.attempt).toBe(4)
  })

  test('a client on the plain wire loses the frame that the path loses, without a report', async () => {
    await using scene = await plainScene(['toServer frame 2: drop'])
    const { client, heard } = scene
    await client.connect()
    for (const n of [1, 2, 3]) expect(await client.send('n', { n })).toEqual({ status: 'sent' })
    await expect.poll(() => heard).toEqual([1, 3])
    expect(client.stats().opens).toBe(1)
  })

  test.for(['toServer', 'toClient'])('leaves a path that is half open %s', async (direction) => {
    await using scene = await plainScene([`connection 1 ${direction} frame 2: black-hole`], {
      wire: heartbeat,
    })
    const { client, proxy } = scene
    await client.connect()
    const opened = next(client, 'open')
    expect(await next(client, 'down')).toEqual({ reason: 'silent' })
    await opened
    expect(proxy.dials).toBeGreaterThan(1)
  })
})

describe('a client with a session', () => {
  test.for([
    'connection 1 toServer frame 4: drop',
    'connection 1 toServer frame 4: duplicate',
    'connection 1 toServer frame 4: cut',
    'connection 1 toServer frame 4: reset',
    'connection 1 toClient frame 4: drop',
    'connection 1 toClient frame 4: duplicate',
    'connection 1 toClient frame 4: cut',
    'connections from 1 to 3 frame 5: reset',
    'connection 1 frame 4: delay 100ms',
    'both: throttle 3kB/s',
  ])('delivers everything once and in order, each way: %s', async (rule) => {
    await using scene = await sessionScene(rule)
    const { client, heard } = scene
    const got: unknown[] = []
    client.on('n', (n) => got.push(n))
    const numbers = [...Array(10).keys()]
    await client.connect()
    for (const n of numbers) expect(await client.send('n', n)).toEqual({ status: 'delivered' })
    await expect.poll(() => got).toEqual(numbers)
    expect(heard).toEqual(numbers)
  })

  test('is resumed after a cut, and sees no other session', async () => {
    await using scene = await sessionScene('connection 1 toServer frame 3: cut')
    const { client, hub, proxy } = scene
    await client.connect()
    const again = next(client, 'open')
    expect(await client.send('n', 1)).toEqual({ status: 'delivered' })
    expect(await client.send('n', 2)).toEqual({ status: 'delivered' })
    expect(await again).toMatchObject({ resumed: true })
    expect(hub.stats().sessions).toBe(1)
    expect(proxy.dials).toBe(2)
  })
})
