import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHub } from '@holdfast/server'
import type { Hub } from '@holdfast/server'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { frameOf, message } from './flood-server.ts'

/** The channel that all subscribe to. */
export const channel = 'room:1'

/** A hub whose clients may subscribe. */
export function openHub(http: Server): Hub {
  const limits = { maxConnectionsPerAddress: 1e6, maxSessionsPerAddress: 1e6, maxConnections: 1e6 }
  const hub = createHub({ limits })
  hub.channels('room', { subscribe: () => true, history: { maxMessages: 200 } })
  hub.attach(http)
  return hub
}

/** Starts a bare server, and returns what sends one event to all that are connected: a prepared frame, or a text with `send`. */
export function bareServer(http: Server, way: 'frame' | 'send'): () => void {
  const server = new WebSocketServer({ server: http, perMessageDeflate: false })
  // As long as the frame of a channel, which holds its name and its place.
  const text = JSON.stringify([0, 0, 'chat', message, { channel, at: [1, 'x'.repeat(22)] }])
  if (way === 'send')
    return () => {
      for (const client of server.clients) client.send(text)
    }
  const bytes = frameOf(text)
  return () => {
    for (const client of server.clients) transportOf(client).write(bytes)
  }
}

export async function listen(http: Server): Promise<number> {
  await new Promise<void>((resolve) => http.listen({ port: 0, host: '0.0.0.0', backlog: 4_096 }, resolve))
  return (http.address() as AddressInfo).port
}

function transportOf(client: WebSocket): { write(bytes: Buffer): void } {
  const { _socket: transport } = client as unknown as { readonly _socket: { write(bytes: Buffer): void } }
  return transport
}
