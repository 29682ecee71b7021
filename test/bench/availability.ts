// Which part of a minute a client is connected whose path keeps breaking: every TCP connection of it is reset every 1, 2,
// 4 or 8 s, on the clock, and it is there again at once. Each library with its defaults and the WebSocket of Node.
//
// "Redial at once" is the ceiling: it waits for nothing, and would do so with a server that dies at every dial, too.
// All run at the same time. Each worker has one client of each kind on each path, and loads the libraries anew, because
// reconnecting-websocket draws its delay once per load.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
import { createHub } from '@holdfast/server'
import { createClient, session } from 'holdfast'
import type { Client } from 'holdfast'
import PartySocket from 'partysocket/ws'
import ReconnectingWebSocket from 'reconnecting-websocket'
import { Server as SocketIoServer } from 'socket.io'
import { io } from 'socket.io-client'
import { WebSocketServer } from 'ws'
import { print } from './figures.ts'

const workers = 6
const periods = [1_000, 2_000, 4_000, 8_000] as const
const duration = 60_000
/** Says when a client is connected, and when it is not any more. */
type Run = (port: number, up: () => void, down: () => void) => void

const kinds = ['raw', 'hub', 'socket.io'] as const
type Kind = (typeof kinds)[number]

const subjects: Readonly<Record<string, { readonly kind: Kind; readonly run: Run }>> = {
  'Holdfast, session wire': {
    kind: 'hub',
    run: (port, ...told) =>
      runOurs(createClient({ url: `ws://127.0.0.1:${port}/ws`, wire: session() }), ...told),
  },
  'Holdfast, plain wire': {
    kind: 'raw',
    run: (port, ...told) => runOurs(createClient({ url: `ws://127.0.0.1:${port}` }), ...told),
  },
  'socket.io-client': {
    kind: 'socket.io',
    run(port, up, down) {
      io(`http://127.0.0.1:${port}`).on('connect', up).on('disconnect', down)
    },
  },
  partysocket: {
    kind: 'raw',
    run: (port, ...told) => runSocket(new PartySocket(`ws://127.0.0.1:${port}`), ...told),
  },
  'reconnecting-websocket': {
    kind: 'raw',
    run: (port, ...told) => runSocket(new ReconnectingWebSocket(`ws://127.0.0.1:${port}`), ...told),
  },
  'redial at once': {
    kind: 'raw',
    run: dialAtOnce,
  },
}
const names = Object.keys(subjects)

/** The port of each kind of server on each path. */
type Ports = readonly Readonly<Record<Kind, number>>[]
/** The share of each library, in their order, on each path. */
type Shares = readonly (readonly number[])[]

if (isMainThread) await main()
else await measure(workerData as Ports)

async function main(): Promise<void> {
  const paths = await Promise.all(
    periods.map(async (period) => {
      const sockets = new Set<Socket>()
      const servers = await Promise.all(kinds.map((kind) => startServer(kind, sockets)))
      const [raw, hub, socketIo] = servers.map((server) => (server.address() as AddressInfo).port)
      return { period, sockets, ports: { raw: raw!, hub: hub!, 'socket.io': socketIo! } }
    }),
  )
  const threads = Array.from(
    { length: workers },
    () => new Worker(import.meta.filename, { workerData: paths.map(({ ports }) => ports) }),
  )
  const next = (): Promise<Shares[]> =>
    Promise.all(threads.map(async (thread) => (await once(thread, 'message'))[0] as Shares))
  // Each says so when all of its clients are connected.
  await next()
  for (const { period, sockets } of paths) void breakPath(period, sockets)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is not a window
  for (const thread of threads) thread.postMessage('start')
  const shares = await next()
  print(
    `Share of ${duration / 1_000} s connected on a path that is cut every so many seconds, and the worst of ${workers}`,
    ['library', ...periods.map((period) => `${period / 1_000} s`)],
    names.map((name, index) => [
      name,
      ...periods.map((_, path) => {
        const own = shares.map((each) => each[path]![index]!)
        const mean = own.reduce((a, b) => a + b) / workers
        return `${mean.toFixed(2)} (${Math.min(...own).toFixed(2)})`
      }),
    ]),
  )
  process.exit()
}

/** Resets all connections at each multiple of the period, until the end of the process. */
async function breakPath(period: number, sockets: Set<Socket>): Promise<void> {
  const start = performance.now()
  for (let at = start + period; ; at += period) {
    await sleep(Math.max(1, at - performance.now()))
    for (const socket of sockets) socket.resetAndDestroy()
  }
}

async function startServer(kind: Kind, sockets: Set<Socket>): Promise<Server> {
  const server = createServer()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  if (kind === 'hub') createHub().attach(server)
  else if (kind === 'raw') void new WebSocketServer({ server })
  else void new SocketIoServer(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function measure(ports: Ports): Promise<void> {
  const clients = ports.map((path) =>
    names.map((name) => {
      const { kind, run } = subjects[name]!
      return watch((...told) => run(path[kind], ...told))
    }),
  )
  await Promise.all(clients.flat().map(({ connected }) => connected))
  tell('connected')
  await once(parentPort!, 'message')
  const times = (): number[][] => clients.map((onPath) => onPath.map(({ time }) => time()))
  const start = performance.now()
  const before = times()
  await sleep(duration)
  const length = performance.now() - start
  tell(times().map((onPath, path) => onPath.map((time, index) => (time - before[path]![index]!) / length)))
}

function tell(message: Shares | 'connected'): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is not a window
  parentPort!.postMessage(message)
}

interface Watched {
  /** Settles when it is connected for the first time. */
  readonly connected: Promise<void>
  /** For how many milliseconds in all it has been connected. */
  time(): number
}

function watch(run: (up: () => void, down: () => void) => void): Watched {
  let total = 0
  let since: number | undefined
  const time = (): number => total + (since === undefined ? 0 : performance.now() - since)
  const connected = new Promise<void>((resolve) =>
    run(
      () => {
        since = performance.now()
        resolve()
      },
      () => {
        total = time()
        since = undefined
      },
    ),
  )
  return { connected, time }
}

function dialAtOnce(port: number, up: () => void, down: () => void): void {
  runSocket(new WebSocket(`ws://127.0.0.1:${port}`), up, () => {
    down()
    dialAtOnce(port, up, down)
  })
}

function runOurs(client: Client, up: () => void, down: () => void): void {
  client.watch('open', up)
  client.watch('down', down)
  void client.connect()
}

function runSocket(
  socket: Pick<WebSocket, 'onopen' | 'onclose'> | PartySocket | ReconnectingWebSocket,
  up: () => void,
  down: () => void,
): void {
  const target = socket as { onopen: (() => void) | null; onclose: (() => void) | null }
  target.onopen = up
  target.onclose = down
}
