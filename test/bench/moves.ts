// What it costs that sessions move, with a real Redis: the time of a claim, the memory of a session that is parked, and a deploy of three
// nodes behind nginx in round robin, each of which is replaced. The same deploy with Socket.IO, its adapter for Redis Streams, and
// connection state recovery.
//
// CLIENTS (1,000) is how many the deploy has, in processes of 1,000; all together send some 500 numbers a second. The deploy takes a minute
// and a half on a quiet machine, for each WAY (`holdfast,Socket.IO`), and ends after four minutes whatever happens. `--only=claims`, `memory` or
// `deploy` is one part.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, createServer as createTcpServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { redis } from '@holdfast/redis'
import { createHub } from '@holdfast/server'
import type { Hub } from '@holdfast/server'
import type { WebSocket } from 'ws'
import { measureIdle, peak } from '../moves/figures.ts'
import { startRoundRobin } from '../moves/process-fleet.ts'
import { freePort } from '../support/port.ts'
import { RedisServer, redisClient } from '../support/redis-server.ts'
import { launch } from './child.ts'
import type { Child } from './child.ts'
import type { ClientsReport } from './deploy-clients.ts'
import type { NodeReport, Way } from './deploy-server.ts'
import { median, print, quantile } from './figures.ts'
import { RawClient } from './raw-client.ts'

const claims = 500
const parkedSessions = 200
const clientCount = Number(process.env['CLIENTS'] ?? 1_000)
const clientsPerProcess = 1_000
/** How often each sends, in seconds. */
const period = Math.max(1, Math.round(clientCount / 500))
const nodeCount = 3
/** How long one deploy may take, in milliseconds: it then reports what it has seen. */
const longest = 240_000
/** From one replacement to the next, at least, in milliseconds. */
const pace = 8_000

const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice(7)
if (!only || only === 'claims') await measureClaims()
if (!only || only === 'memory') await measureMemory()
if (!only || only === 'deploy') await measureDeploys()
process.exit()

// Claims

async function measureClaims(): Promise<void> {
  await using server = await RedisServer.start()
  const path = await countTrips(server.port)
  const nodes = [await openNode(path.port), await openNode(path.port)] as const
  const client = new RawClient()
  await client.dial(nodes[0].port)
  const rows: string[][] = []
  const row = async (
    name: string,
    before: (n: number) => Promise<void>,
    to: (n: number) => number,
  ): Promise<void> => {
    const [times, trips]: [number[], number[]] = [[], []]
    for (let n = 0; n < claims; n++) {
      await isHeld()
      await before(n)
      const counted = path.trips
      const { socket } = client
      times.push(await client.dial(nodes[to(n)]!.port))
      trips.push(path.trips - counted)
      socket?.terminate()
    }
    rows.push([name, median(times).toFixed(2), quantile(times, 0.99).toFixed(2), median(trips).toFixed(0)])
  }
  /** Resolves when a hub has a peer, which the client has confirmed. */
  const isHeld = async (): Promise<void> => {
    while (!nodes.some(({ hub }) => [...hub.peers.values()].some(({ isConnected }) => isConnected)))
      await sleep(1)
    await sleep(5)
  }
  const nothing = async (): Promise<void> => {}
  const park = async (): Promise<void> => {
    for (const { hub } of nodes)
      for (const peer of hub.peers.values()) {
        const gone = new Promise((resolve) => peer.onClose(resolve))
        hub.park(peer)
        await gone
      }
    // Until Redis has it.
    await sleep(10)
  }
  rows.push(await pings(path.port))
  await row('back to the hub that has it', nothing, () => 0)
  await row('from a hub that has it', nothing, (n) => (n + 1) % 2)
  await row('parked', park, (n) => n % 2)
  print(
    `From hi to ok, a session that nothing waits for, ${claims} times; round trips to Redis of both hubs`,
    ['the session is', 'median ms', 'p99 ms', 'round trips'],
    rows,
  )
  client.socket?.terminate()
  for (const { hub } of nodes) await hub.close()
}

/** What a round trip takes. */
async function pings(port: number): Promise<string[]> {
  const client = await redisClient(port).connect()
  const times: number[] = []
  for (let n = 0; n < claims; n++) {
    const begun = performance.now()
    await client.ping()
    times.push(performance.now() - begun)
  }
  client.destroy()
  return ['(a PING of Redis)', median(times).toFixed(2), quantile(times, 0.99).toFixed(2), '1']
}

async function openNode(redisPort: number): Promise<{ readonly hub: Hub; readonly port: number }> {
  const hub = createHub({ broker: redis({ client: redisClient(redisPort) }) })
  const server = createServer()
  hub.attach(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { hub, port: (server.address() as AddressInfo).port }
}

/** A path to Redis that counts how often something is sent on it: on a quiet one, each time is a round trip. */
async function countTrips(target: number): Promise<{ readonly port: number; readonly trips: number }> {
  let trips = 0
  const server = createTcpServer((near) => {
    const far = connect(target, '127.0.0.1')
    near.on('data', () => trips++)
    near.pipe(far).pipe(near)
    for (const socket of [near, far]) socket.setNoDelay().on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    get trips() {
      return trips
    },
  }
}

// Memory

async function measureMemory(): Promise<void> {
  const rows: (string | number)[][] = []
  for (const waiting of [0, 10, 100]) {
    await using server = await RedisServer.start()
    const node = await openNode(server.port)
    const before = await usage(server)
    const sockets: WebSocket[] = []
    for (let n = 0; n < parkedSessions; n++) {
      const client = new RawClient()
      await client.dial(node.port)
      sockets.push(client.socket!)
    }
    while (node.hub.peers.size < parkedSessions) await sleep(5)
    for (const peer of node.hub.peers.values())
      for (let n = 0; n < waiting; n++) void peer.send('message', 'x'.repeat(100))
    for (const peer of [...node.hub.peers.values()]) node.hub.park(peer)
    await sleep(2_000)
    const bytes = (await usage(server)) - before
    rows.push([waiting, (bytes / parkedSessions).toFixed(0)])
    for (const socket of sockets) socket.terminate()
    await node.hub.close()
  }
  print(
    `Memory in Redis of a parked session, of ${parkedSessions}`,
    ['messages of 100 bytes that wait', 'bytes'],
    rows,
  )
}

/** The memory of all keys. */
async function usage(server: RedisServer): Promise<number> {
  const keys = (await server.command('KEYS', '*')) as string[]
  let sum = 0
  for (const key of keys) sum += Number(await server.command('MEMORY', 'USAGE', key, 'SAMPLES', '0'))
  return sum
}

// The deploy

async function measureDeploys(): Promise<void> {
  const ways = (process.env['WAYS'] ?? 'holdfast,Socket.IO').split(',') as Way[]
  const results: Readonly<Record<string, string>>[] = []
  for (const way of ways) results.push(await deploy(way))
  print(
    `A deploy of ${nodeCount} nodes with ${clientCount.toLocaleString()} clients, a number each way every ${period} s`,
    ['', ...ways],
    Object.keys(results[0]!).map((name) => [name, ...results.map((result) => result[name]!)]),
  )
}

async function deploy(way: Way): Promise<Readonly<Record<string, string>>> {
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await RedisServer.start())
  const ports: number[] = []
  while (ports.length < nodeCount) ports.push(await freePort())
  const web = await freePort()
  const start = (port: number): Promise<Child<unknown>> =>
    launch(
      join(import.meta.dirname, 'deploy-server.ts'),
      way,
      String(port),
      String(server.port),
      String(period),
    )
  const nodes: Child<unknown>[] = []
  for (const port of ports) nodes.push(await start(port))
  stack.use(await startRoundRobin(web, ports))
  const clients = await launchClients(stack, way, `ws://127.0.0.1:${web}/`)
  await sleep(3_000)

  const until = performance.now() + longest
  const idle = measureIdle()
  const begunAt = Date.now()
  const reports: NodeReport[] = []
  const backs: number[] = []
  for (const [slot, port] of ports.entries()) {
    const drainedAt = performance.now()
    reports.push((await nodes[slot]!.ask('drain')) as NodeReport)
    await nodes[slot]![Symbol.asyncDispose]()
    nodes[slot] = await start(port)
    let open = 0
    while (open < clientCount && performance.now() < until) {
      open = total(await all<number>(clients, 'open'))
      await sleep(20)
    }
    backs.push(open < clientCount ? NaN : (performance.now() - drainedAt) / 1_000)
    process.stderr.write(`${way}: node ${slot + 1} of ${nodeCount} is replaced, ${open} clients are there\n`)
    await sleep(Math.max(0, pace - (performance.now() - drainedAt)))
  }
  const idleShare = idle()
  for (const node of nodes) await node.ask('quiet')
  await all(clients, 'quiet')
  await sleep(3_000)
  const seen = mergeReports(await all<ClientsReport>(clients, 'end'))
  for (const node of nodes) {
    reports.push((await node.ask('end')) as NodeReport)
    await node[Symbol.asyncDispose]()
  }
  return summarize(seen, reports, { begunAt, backs, idleShare })
}

/** Starts the clients, one process after the other. */
async function launchClients(stack: AsyncDisposableStack, way: Way, url: string): Promise<Child<unknown>[]> {
  const clients: Child<unknown>[] = []
  for (let first = 0; first < clientCount; first += clientsPerProcess) {
    const count = Math.min(clientsPerProcess, clientCount - first)
    const script = join(import.meta.dirname, 'deploy-clients.ts')
    const child = await launch<unknown>(script, way, url, ...[first, count, period].map(String))
    clients.push(stack.use(child))
    process.stderr.write(`${way}: ${first + count} clients are there\n`)
  }
  return clients
}

async function all<T>(clients: readonly Child<unknown>[], question: string): Promise<T[]> {
  return (await Promise.all(clients.map((child) => child.ask(question)))) as T[]
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((before, number) => before + number, 0)
}

function mergeReports(reports: readonly ClientsReport[]): ClientsReport {
  return {
    sent: reports.flatMap(({ sent }) => sent),
    got: reports.flatMap(({ got }) => got),
    dials: reports.flatMap(({ dials }) => dials),
    lost: total(reports.map(({ lost }) => lost)),
    resumed: total(reports.map(({ resumed }) => resumed)),
    late: total(reports.map(({ late }) => late)),
  }
}

function summarize(
  seen: ClientsReport,
  reports: readonly NodeReport[],
  run: { readonly begunAt: number; readonly backs: readonly number[]; readonly idleShare: string },
): Readonly<Record<string, string>> {
  const up = { sent: 0, got: 0, doubled: 0 }
  for (const [index, sent] of seen.sent.entries()) {
    const got = reports.flatMap((report) => report.got[`c${index}`] ?? [])
    const distinct = new Set(got).size
    up.sent += sent
    up.got += distinct
    up.doubled += got.length - distinct
  }
  const down = { sent: 0, got: 0, doubled: 0 }
  for (const { sent } of reports) for (const count of Object.values(sent)) down.sent += count
  for (const got of seen.got) {
    const distinct = new Set(got).size
    down.got += distinct
    down.doubled += got.length - distinct
  }
  const moves = reports.flatMap((report) => report.moves)
  const dials = seen.dials.filter((at) => at >= run.begunAt)
  const late = seen.late + total(reports.map((report) => report.late))
  return {
    'sessions that went on': seen.resumed.toLocaleString(),
    'sessions lost': seen.lost.toLocaleString(),
    'client to server: lost': `${(up.sent - up.got).toLocaleString()} of ${up.sent.toLocaleString()}`,
    'client to server: doubled': up.doubled.toLocaleString(),
    'server to client: lost': `${(down.sent - down.got).toLocaleString()} of ${down.sent.toLocaleString()}`,
    'server to client: doubled': down.doubled.toLocaleString(),
    'later than 1 s': `${((100 * late) / (up.got + down.got)).toFixed(2)} %`,
    'most dials in 100 ms': peak(dials, 100).toLocaleString(),
    'most sessions taken in 1 s': peak(moves, 1_000).toLocaleString(),
    'until all are back, s': run.backs
      .map((seconds) => (seconds > 0 ? seconds.toFixed(1) : 'not all'))
      .join(', '),
    'idle share of the CPU': run.idleShare,
  }
}
