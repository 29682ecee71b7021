// The servers that the clients of these scripts talk to, in a process of their own: on `/ws` a hub, on `/raw` a bare `ws`
// server. Both know one event, 'chat', of which they only take note, and one question, which both answer with what they
// were asked: the request 'echo' and any other text.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHub } from '@holdfast/server'
import type { Hub } from '@holdfast/server'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { tell } from './child.ts'
import { chat } from './flood-server.ts'

export interface Servers {
  readonly port: number
  readonly hub: Hub
  readonly raw: WebSocketServer
}

/** Starts both. What clients of one machine may send is not limited, because the limits are not what is measured. */
export async function startServers(taken: (socket: WebSocket) => void = () => {}): Promise<Servers> {
  const hub = createHub({ limits: { messageRate: 1e9, messageBurst: 1e9 } })
  hub.on('chat', () => {})
  hub.handle('echo', (input) => input)

  const raw = new WebSocketServer({ noServer: true })
  const http = createServer()
  hub.attach(http)
  http.on('upgrade', (request, socket, head) => {
    if (request.url !== '/raw') return
    raw.handleUpgrade(request, socket, head, (accepted) => taken(accepted))
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return { port: (http.address() as AddressInfo).port, hub, raw }
}

/** What the bare server does with a connection. */
export function echo(socket: WebSocket): void {
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as { readonly type: string }
    // A pack of events is answered as a whole.
    if (Array.isArray(message)) socket.send(String(message.length))
    else if (message.type !== chat) socket.send(JSON.stringify(message))
  })
}

if (import.meta.main) tell((await startServers(echo)).port)
