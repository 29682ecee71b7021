import { createClient } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { buildSchema } from 'graphql'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { ReconnectingWebSocket } from 'holdfast/socket'
import { WebSocket as PartySocket } from 'partysocket'
import Reconnecting from 'reconnecting-websocket'
import { describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { expectNothingLeft } from '../support/leaks.ts'
import { startServer } from '../support/server.ts'

expectNothingLeft('all')

const options = { WebSocket, minReconnectionDelay: 50, maxReconnectionDelay: 200, minUptime: 100 }

/** The class, and the two that it replaces: the same program does the same with each. */
const classes = { ReconnectingWebSocket, PartySocket, Reconnecting } as unknown as Readonly<
  Record<string, typeof ReconnectingWebSocket>
>

describe.each(Object.entries(classes))('a program that uses %s', (_, Socket) => {
  test('gets its answers before and after a cut, and what it sent meanwhile', async () => {
    await using server = await startServer()
    let dials = 0
    const socket = new Socket(() => `${server.url}/echo?dial=${++dials}`, null, options as never)
    const heard: unknown[] = []
    socket.onmessage = ({ data }) => heard.push(data)
    const closed = new Promise((resolve) => (socket.onclose = resolve))
    try {
      socket.send('early')
      await expect.poll(() => heard).toEqual(['early'])
      expect([socket.readyState, socket.retryCount, socket.shouldReconnect ?? true]).toEqual([1, 0, true])
      server.room().cut()
      await closed
      socket.send('meanwhile')
      await expect.poll(() => heard).toEqual(['early', 'meanwhile'])
      socket.reconnect()
      socket.send('after')
      await expect.poll(() => heard).toEqual(['early', 'meanwhile', 'after'])
      expect(dials).toBe(3)
    } finally {
      socket.close()
    }
  })
})

test('graphql-ws works on it, and subscribes anew after a cut', async () => {
  const schema = buildSchema('type Query { hello: String } type Subscription { count: Int }')
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
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
  const cleanup = useServer({ schema, roots }, server)
  const client = createClient({
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lazy: true,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, 20)),
    shouldRetry: () => true,
    // It dials again itself.
    webSocketImpl: class extends ReconnectingWebSocket {
      constructor(url: string, protocols: string) {
        super(url, protocols, { WebSocket, maxRetries: 0 })
      }
    },
  })
  try {
    const answers = client.iterate({ query: '{ hello }' })
    expect((await answers.next()).value).toEqual({ data: { hello: 'hi' } })
    const counts = client.iterate<{ count: number }>({ query: 'subscription { count }' })
    expect((await counts.next()).value).toEqual({ data: { count: 1 } })
    for (const socket of server.clients) socket.terminate()
    expect((await counts.next()).value).toEqual({ data: { count: 2 } })
    await counts.return!()
  } finally {
    await client.dispose()
    await cleanup.dispose()
    for (const socket of server.clients) socket.terminate()
    server.close()
    await once(server, 'close')
  }
})
