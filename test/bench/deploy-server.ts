// A node of the deploy that `moves.ts` measures: a hub, or a server of Socket.IO with its adapter for Redis Streams and connection state
// recovery. It sends a number to each of its clients now and then, and notes what it gets of them.
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { redis } from '@holdfast/redis'
import { createHub } from '@holdfast/server'
import { createAdapter } from '@socket.io/redis-streams-adapter'
import { DisconnectsClientError } from 'redis'
import { Server as SocketIoServer } from 'socket.io'
import { redisClient } from '../support/redis-server.ts'
import { tell } from './child.ts'

export type Way = 'holdfast' | 'Socket.IO'

/** What a node did until it ended. */
export interface NodeReport {
  /** How many numbers it sent to each client. */
  readonly sent: Readonly<Record<string, number>>
  /** The numbers that it got of each client. */
  readonly got: Readonly<Record<string, readonly number[]>>
  /** When sessions came from other nodes, in milliseconds since the epoch. */
  readonly moves: readonly number[]
  /** How many numbers came more than a second after they were sent. */
  readonly late: number
}

/** How long clients have to leave, in milliseconds. */
const drainTimeout = 20_000

/** Each client gets a number once in so many seconds. */
const [way, port, redisPort, period] = process.argv.slice(2) as [Way, string, string, string]
const sent: Record<string, number> = {}
const got: Record<string, number[]> = {}
const moves: number[] = []
const sends = new Map<object, () => void>()
let late = 0

/** From now on, the node has the client, until the result is called. */
function greet(key: object, client: string, send: (number: number) => void): () => void {
  sends.set(key, () => send((sent[client] = (sent[client] ?? 0) + 1)))
  return () => void sends.delete(key)
}

function note(client: string, [number, sentAt]: readonly [number: number, sentAt: number]): void {
  ;(got[client] ??= []).push(number)
  if (Date.now() - sentAt > 1_000) late++
}

const server = createServer()
const close = way === 'holdfast' ? openHub(server) : await openSocketIo(server)
let turn = 0
const turns = 10 * Number(period)
// Some of the clients at a time.
const timer = setInterval(() => {
  turn++
  let index = 0
  for (const send of [...sends.values()]) if (index++ % turns === turn % turns) send()
}, 100)
server.listen(Number(port), '127.0.0.1', 4_096, () => tell('listening'))
process.on('message', (order) => {
  if (order !== 'quiet') return void end(order === 'drain')
  clearInterval(timer)
  tell('quiet')
})

async function end(drains: boolean): Promise<void> {
  if (!drains) clearInterval(timer)
  await close(drains)
  clearInterval(timer)
  tell({ sent, got, moves, late } satisfies NodeReport)
}

function openHub(http: Server): (drains: boolean) => Promise<void> {
  const hub = createHub({
    broker: redis({ client: redisClient(Number(redisPort)) }),
    authenticate: ({ token = '' }) => ({ identity: token }),
  })
  hub.onPeer((peer, { arrival }) => {
    if (arrival === 'moved') moves.push(Date.now())
    peer.onClose(
      greet(peer, peer.identity!, (number) => void peer.send('number', [process.pid, number, Date.now()])),
    )
  })
  hub.on('number', (data, { identity }) => note(identity!, data as never))
  hub.attach(http, { path: '/' })
  return async (drains) => {
    http.close()
    await hub.close(drains ? { drain: drainTimeout } : {})
  }
}

async function openSocketIo(http: Server): Promise<(drains: boolean) => Promise<void>> {
  // The adapter leaves a command behind when its server closes.
  process.on('unhandledRejection', (error) => {
    if (!(error instanceof DisconnectsClientError)) throw error
  })
  const connected = await redisClient(Number(redisPort), { RESP: 2 }).connect()
  const io = new SocketIoServer(http, {
    path: '/',
    transports: ['websocket'],
    adapter: createAdapter(connected),
    connectionStateRecovery: { maxDisconnectionDuration: 120_000 },
  })
  io.on('connection', (socket) => {
    const { client } = socket.handshake.auth as { readonly client: string }
    if (socket.recovered) moves.push(Date.now())
    const gone = greet(
      socket,
      client,
      (number) => void socket.emit('number', [process.pid, number, Date.now()]),
    )
    socket.on('number', (data: readonly [number, number]) => note(client, data))
    socket.on('disconnect', gone)
  })
  return async () => {
    await io.close()
  }
}
