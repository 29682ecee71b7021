import { createClient } from 'holdfast'
import type { Client, ClientOptions } from 'holdfast'
import { Server, WebSocket } from 'mock-socket'
import type { Client as MockPeer } from 'mock-socket'
import { expect, test } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import { next, reach, take } from '../support/stage.ts'

expectNothingLeft()

// mock-socket is for tests of handlers. What it is not good for is the lifecycle: it reports a refused dial as a clean
// close with 1000, knows no `bufferedAmount`, makes text of the bytes that a client sends ("1,2,3"), and servers close
// synchronously.

interface Scene extends AsyncDisposable {
  readonly client: Client
  /** A server at the client's URL, with what it received. */
  serve(behave?: (peer: MockPeer) => void): { readonly server: Server; readonly received: unknown[] }
}

let lastHost = 0

function setScene(options: Partial<ClientOptions> = {}): Scene {
  const url = `ws://mock-${++lastHost}/`
  const servers: Server[] = []
  const client = createClient({
    url,
    WebSocket,
    backoff: () => 5,
    ...options,
  })
  return {
    client,
    serve(behave = () => {}) {
      // Without `mock: false`, the server would replace the global WebSocket.
      const server = new Server(url, { mock: false })
      const received: unknown[] = []
      server.on('connection', (peer) => {
        peer.on('message', (data) => received.push(data))
        behave(peer)
      })
      servers.push(server)
      return { server, received }
    },
    async [Symbol.asyncDispose]() {
      await client.dispose()
      for (const server of servers) server.stop()
    },
  }
}

const echo = (peer: MockPeer): void => peer.on('message', (data) => peer.send(data))

test('the global WebSocket stays the one of the platform', () => {
  expect(globalThis.WebSocket).not.toBe(WebSocket)
})

test('a client connects, sends what waited, and hears the echo', async () => {
  await using scene = setScene()
  const { client } = scene
  const { received } = scene.serve(echo)
  const delivery = client.send('chat', { message: 'hi' })
  const echoed = take(client, 'chat')
  await client.connect()
  expect(await delivery).toEqual({ status: 'sent' })
  expect(await echoed).toEqual([{ type: 'chat', message: 'hi' }])
  expect(received).toEqual(['{"type":"chat","message":"hi"}'])
  expect(client.stats()).toMatchObject({ bufferedBytes: 0, sentMessages: 1, receivedMessages: 1 })
  await client.drained()
})

test('bytes of the server arrive as bytes', async () => {
  await using scene = setScene()
  const { client } = scene
  const raw = new Promise((resolve) => client.onRaw(resolve))
  scene.serve((peer) => peer.send(Uint8Array.of(1, 2, 3).buffer))
  await client.connect()
  expect(await raw).toEqual(Uint8Array.of(1, 2, 3))
})

test('the server speaks first, to everybody', async () => {
  await using scene = setScene()
  const { client } = scene
  const { server } = scene.serve((peer) => peer.send('{"type":"welcome"}'))
  const welcome = take(client, 'welcome')
  await client.connect()
  await welcome
  const news = take(client, 'news')
  server.emit('message', '{"type":"news"}')
  await news
})

test('a close by the server is reported, and the client connects again', async () => {
  await using scene = setScene()
  const { client } = scene
  const { server } = scene.serve()
  await client.connect()
  const down = next(client, 'down')
  const opened = next(client, 'open')
  server.clients()[0]!.close({ code: 4000, reason: 'bye', wasClean: true })
  expect(await down).toMatchObject({ code: 4000, text: 'bye' })
  const delivery = client.send('queued')
  await opened
  expect(await delivery).toEqual({ status: 'sent' })
  expect(client.stats().opens).toBe(2)
})

test('a server that is gone is found when it is back', async () => {
  await using scene = setScene()
  const { client } = scene
  const { server } = scene.serve()
  await client.connect()
  server.close({ code: 1012, reason: 'restart', wasClean: true })
  server.stop()
  await reach(client, 'waiting')
  client.send('queued')
  const { received } = scene.serve()
  await reach(client, 'open')
  await expect.poll(() => received).toEqual(['{"type":"queued"}'])
})

test('a refused dial is retried, though it looks like a clean close with 1000', async () => {
  await using scene = setScene()
  const { client } = scene
  const connected = client.connect()
  expect((await reach(client, 'waiting')).cause).toMatchObject({ reason: 'unreachable', code: 1000 })
  scene.serve()
  await connected
})

test('disconnect() closes, connect() opens again, dispose() ends', async () => {
  await using scene = setScene()
  const { client } = scene
  const { server } = scene.serve()
  await client.connect()
  await client.disconnect()
  expect(client.state.status).toBe('closed')
  expect(server.clients()).toHaveLength(0)
  await client.connect()
  expect(server.clients()).toHaveLength(1)
  await client.reconnect()
  await expect.poll(() => server.clients()).toHaveLength(1)
  await client.dispose()
  await expect.poll(() => server.clients()).toHaveLength(0)
})
