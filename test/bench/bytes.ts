// Bytes on the wire per 100-byte event, in both directions, WebSocket framing and acks included, TCP and TLS not: a
// session against `{"type":"chat",…}` on a bare socket. The kernel's counters of the server's sockets, after the greeting.
//
// Events go one in a turn of the event loop, each in a message of its own, or 100 in a turn, in packs.
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { createHub } from '@holdfast/server'
import type { Peer } from '@holdfast/server'
import { createClient, session } from 'holdfast'
import { WebSocket, WebSocketServer } from 'ws'
import { print } from './figures.ts'
import { event, message } from './flood-server.ts'

const events = 20_000
const window = 500

const hub = createHub({ limits: { messageRate: 1e9, messageBurst: 1e9 } })
const acceptor = new WebSocketServer({ noServer: true })
const http = createServer()
hub.attach(http)
http.on('upgrade', (request, socket, head) => {
  if (request.url === '/raw')
    acceptor.handleUpgrade(request, socket, head, (accepted) => acceptor.emit('connection', accepted))
})
let tcp: Socket | undefined
http.on('connection', (socket: Socket) => (tcp = socket))
await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`

let received = 0
const count = (): void => void received++

const rows: string[][] = []
for (const perTurn of [1, 100]) rows.push(...(await raw(perTurn)), ...(await held(perTurn)))
print(`Bytes per event of 100 bytes, ${events} events`, ['', 'there', 'back', 'both', 'against raw'], rows)
await hub.close()
http.close()

async function raw(perTurn: number): Promise<string[][]> {
  const accepted = new Promise<WebSocket>((resolve) => acceptor.once('connection', resolve))
  const client = new WebSocket(`${url}/raw`)
  await new Promise((resolve) => (client.onopen = resolve))
  const server = await accepted
  const text = JSON.stringify(event)
  client.on('message', count)
  server.on('message', count)
  const up = await measure(perTurn, () => client.send(text))
  const down = await measure(perTurn, () => server.send(text))
  client.terminate()
  return [row('to the server', perTurn, 'raw', up), row('to the client', perTurn, 'raw', down.toReversed())]
}

async function held(perTurn: number): Promise<string[][]> {
  const joined = new Promise<Peer>((resolve) => {
    const off = hub.onPeer((peer) => {
      off()
      resolve(peer)
    })
  })
  const client = createClient({ url: `${url}/ws`, WebSocket, wire: session() })
  await client.connect()
  const peer = await joined
  client.on('chat', count)
  const off = hub.on('chat', count)
  const up = await measure(perTurn, () => void client.send('chat', message))
  const down = await measure(perTurn, () => void peer.send('chat', message))
  off()
  await client.dispose()
  return [
    row('to the server', perTurn, 'session()', up),
    row('to the client', perTurn, 'session()', down.toReversed()),
  ]
}

/** Bytes that the server got and sent, per event. */
async function measure(perTurn: number, send: () => void): Promise<number[]> {
  const socket = tcp!
  // Acks of what was before.
  await sleep(200)
  received = 0
  let sent = 0
  const missing = (): number => sent - received
  const { bytesRead, bytesWritten } = socket
  for (; sent < events; sent += perTurn) {
    for (let index = 0; index < perTurn; index++) send()
    do await nextTurn()
    while (missing() > window)
  }
  while (missing() > 0) await nextTurn()
  await sleep(200)
  return [(socket.bytesRead - bytesRead) / events, (socket.bytesWritten - bytesWritten) / events]
}

function row(direction: string, perTurn: number, wire: string, [there, back]: readonly number[]): string[] {
  const both = there! + back!
  const bare = 100 + (direction === 'to the server' ? 6 : 2)
  const how = perTurn === 1 ? 'one in a turn' : `${perTurn} in a turn`
  return [
    `${direction}, ${how}, ${wire}`,
    there!.toFixed(1),
    back!.toFixed(1),
    both.toFixed(1),
    (both / bare).toFixed(2),
  ]
}
