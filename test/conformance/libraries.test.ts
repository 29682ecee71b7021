import { buildSchema } from 'graphql'
import { createClient } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { ReconnectingWebSocket } from 'holdfast/socket'
import { createDecoder, readVarUint } from 'lib0/decoding'
import { createEncoder, length, toUint8Array, writeVarUint } from 'lib0/encoding'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Socket as PhoenixSocket } from 'phoenix'
import { retry } from 'rxjs'
import { webSocket } from 'rxjs/webSocket'
import { expect, test } from 'vitest'
import WebSocketAsPromised from 'websocket-as-promised'
import { WebSocket, WebSocketServer } from 'ws'
import { readSyncMessage, writeSyncStep1, writeUpdate } from 'y-protocols/sync'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { expectNothingLeft } from '../support/leaks.ts'

expectNothingLeft('all')

/** What a library takes that dials again itself: one connection, and no more. */
class OneConnection extends ReconnectingWebSocket {
  constructor(url: string | URL, protocols?: string | string[] | null) {
    super(url, protocols, { WebSocket, maxRetries: 0 })
  }
}

interface Server extends AsyncDisposable {
  readonly url: string
  readonly socket: WebSocketServer
  cut(): void
}

async function startServer(serve: (socket: WebSocket) => void = () => {}): Promise<Server> {
  const socket = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  socket.on('connection', serve)
  await once(socket, 'listening')
  const cut = (): void => socket.clients.forEach((client) => client.terminate())
  return {
    url: `ws://127.0.0.1:${(socket.address() as AddressInfo).port}`,
    socket,
    cut,
    async [Symbol.asyncDispose]() {
      cut()
      const closed = once(socket, 'close')
      socket.close()
      await closed
    },
  }
}

test('graphql-ws works on it, and subscribes anew after a cut', async () => {
  const schema = buildSchema('type Query { hello: String } type Subscription { count: Int }')
  await using server = await startServer()
  let subscriptions = 0
  const roots = {
    query: { hello: 'hi' },
    subscription: {
      async *count() {
        yield { count: ++subscriptions }
        await new Promise(() => {})
      },
    },
  }
  const cleanup = useServer({ schema, roots }, server.socket)
  const client = createClient({
    url: server.url,
    lazy: true,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, 20)),
    shouldRetry: () => true,
    webSocketImpl: OneConnection,
  })
  try {
    const answers = client.iterate({ query: '{ hello }' })
    expect((await answers.next()).value).toEqual({ data: { hello: 'hi' } })
    const counts = client.iterate<{ count: number }>({ query: 'subscription { count }' })
    expect((await counts.next()).value).toEqual({ data: { count: 1 } })
    server.cut()
    expect((await counts.next()).value).toEqual({ data: { count: 2 } })
    await counts.return!()
  } finally {
    await client.dispose()
    await cleanup.dispose()
  }
})

test('documents of y-websocket are in step on it, and what is written during a cut comes after it', async () => {
  const kept = new Y.Doc()
  const sync = 0
  const frame = (write: (encoder: ReturnType<typeof createEncoder>) => void): Uint8Array => {
    const encoder = createEncoder()
    writeVarUint(encoder, sync)
    write(encoder)
    return toUint8Array(encoder)
  }
  await using server = await startServer((socket) => {
    socket.send(frame((encoder) => writeSyncStep1(encoder, kept)))
    socket.on('message', (data: Buffer) => {
      const decoder = createDecoder(new Uint8Array(data))
      if (readVarUint(decoder) !== sync) return
      const answer = createEncoder()
      writeVarUint(answer, sync)
      readSyncMessage(decoder, answer, kept, socket)
      if (length(answer) > 1) socket.send(toUint8Array(answer))
    })
  })
  kept.on('update', (update: Uint8Array, from: unknown) => {
    for (const socket of server.socket.clients) {
      if (socket !== from) socket.send(frame((encoder) => writeUpdate(encoder, update)))
    }
  })
  const open = () => {
    const doc = new Y.Doc()
    const provider = new WebsocketProvider(server.url, 'room', doc, {
      WebSocketPolyfill: OneConnection,
      disableBc: true,
      maxBackoffTime: 50,
    })
    return { text: doc.getText(), provider, doc }
  }
  const [ann, bob] = [open(), open()]
  try {
    ann.text.insert(0, 'one')
    await expect.poll(() => bob.text.toJSON()).toBe('one')
    const closed = new Promise((resolve) => ann.provider.once('connection-close', resolve))
    server.cut()
    await closed
    ann.text.insert(3, ' two')
    await expect.poll(() => bob.text.toJSON()).toBe('one two')
    expect(kept.getText().toJSON()).toBe('one two')
  } finally {
    for (const { provider, doc } of [ann, bob]) {
      provider.destroy()
      doc.destroy()
    }
  }
})

test('a subject of rxjs ends with the connection, and retry() opens the next', async () => {
  let connections = 0
  await using server = await startServer((socket) => socket.send(JSON.stringify(++connections)))
  const subject = webSocket<number>({
    url: server.url,
    WebSocketCtor: OneConnection,
  })
  const heard: number[] = []
  const subscription = subject.pipe(retry({ delay: 20 })).subscribe((value) => heard.push(value))
  try {
    await expect.poll(() => heard).toEqual([1])
    server.cut()
    await expect.poll(() => heard).toEqual([1, 2])
  } finally {
    subscription.unsubscribe()
  }
})

test('websocket-as-promised gets its answers, is told of a cut, and opens the next connection', async () => {
  await using server = await startServer((socket) =>
    socket.on('message', (data: Buffer) => socket.send(data.toString())),
  )
  const socket = new WebSocketAsPromised(server.url, {
    createWebSocket: (url) => new OneConnection(url),
    packMessage: (data) => JSON.stringify(data),
    unpackMessage: (data) => JSON.parse(data as string) as object,
    attachRequestId: (data, id) => ({ id, ...(data as object) }),
    extractRequestId: (data) => (data as { id: string }).id,
  })
  await socket.open()
  expect(await socket.sendRequest({ say: 'one' }, { requestId: 1 })).toEqual({ id: 1, say: 'one' })
  const closed = new Promise((resolve) => socket.onClose.addOnceListener(resolve))
  server.cut()
  await closed
  await socket.open()
  expect(await socket.sendRequest({ say: 'two' }, { requestId: 2 })).toEqual({ id: 2, say: 'two' })
  await socket.close()
})

test('a channel of phoenix joins again after a cut, and sends what it kept', async () => {
  const heard: unknown[] = []
  await using server = await startServer((socket) =>
    socket.on('message', (data: Buffer) => {
      const [join, ref, topic, event, payload] = JSON.parse(data.toString()) as unknown[]
      heard.push(event === 'say' ? payload : event)
      socket.send(JSON.stringify([join, ref, topic, 'phx_reply', { status: 'ok', response: {} }]))
    }),
  )
  const socket = new PhoenixSocket(server.url, {
    transport: OneConnection,
    reconnectAfterMs: () => 20,
    rejoinAfterMs: () => 20,
  })
  socket.connect()
  const channel = socket.channel('room:1')
  try {
    channel.join()
    channel.push('say', { text: 'one' })
    await expect.poll(() => heard).toEqual(['phx_join', { text: 'one' }])
    const closed = new Promise((resolve) => socket.onClose(resolve))
    server.cut()
    await closed
    channel.push('say', { text: 'two' })
    await expect.poll(() => heard).toEqual(['phx_join', { text: 'one' }, 'phx_join', { text: 'two' }])
  } finally {
    await new Promise<void>((resolve) => socket.disconnect(resolve))
  }
})
