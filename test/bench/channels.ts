// What channels cost the server.
//
// The first table is CPU time per delivery of one publication to all subscribers of a channel, against a loop that writes
// one prepared frame to every socket of a bare `ws` server, the same loop with `send`, and the room of Socket.IO. Each sample is a
// fresh server; the subscribers are sockets in another process that only count. `--full` adds 10,000 subscribers, in one round, and
// 10,000 connections; `--only=deliveries`, `recovery` or `memory` is one part, and `--count=10000` one size.
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { Server as SocketIoServer } from 'socket.io'
import { io } from 'socket.io-client'
import { bareServer, channel, listen, openHub } from './channel-servers.ts'
import { launch, roleOf, tell } from './child.ts'
import { compare } from './compare.ts'
import { median, print, quantile } from './figures.ts'
import { message } from './flood-server.ts'
import { RawSubscriber } from './raw-subscriber.ts'

const isFull = process.argv.includes('--full')
/** How many rounds of a comparison there are; one of many subscribers takes a minute for each of them. */
const roundsOf = (subscribers: number): number => (subscribers > 1_000 ? 1 : 3)
/** How many sockets are opened at once. */
const batch = 100
const warmup = 20
const ways = ['frame', 'send', 'hub', 'socket.io'] as const
type Way = (typeof ways)[number]
const names: Readonly<Record<Way, string>> = {
  frame: 'ws, one prepared frame',
  send: 'ws, send of one text',
  hub: 'holdfast, a channel',
  'socket.io': 'Socket.IO, a room',
}
/** The addresses that connections go to: one alone has too few ports for many. */
const addresses = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4']

const role = roleOf()
if (role?.[0] === 'subscribers') await subscribe(role[1] as Way, Number(role[2]), Number(role[3]))
else if (role?.[0] === 'recover') await recover(Number(role[1]), Number(role[2]))
else if (role?.[0] === 'idle') await connectAll(role[1] as Way, Number(role[2]), Number(role[3]))
else if (role?.[0] === 'memory') await memoryPer(role[1] as Way, Number(role[2]))
else if (role) await broadcast(role[0] as Way, Number(role[1]))
else await main()

async function main(): Promise<void> {
  const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice(7)
  const asked = Number(process.argv.find((argument) => argument.startsWith('--count='))?.slice(8) ?? 0)
  const counts = asked ? [asked] : isFull ? [1_000, 10_000] : [1_000]
  if (!only || only === 'deliveries') for (const count of counts) await deliveries(count)
  if (!only || only === 'recovery') await recoveries()
  if (!only || only === 'memory') for (const count of counts) await connections(count)
}

// Deliveries

async function deliveries(subscribers: number): Promise<void> {
  const rounds = roundsOf(subscribers)
  const samples = await compare(import.meta.filename, ways, rounds, String(subscribers))
  const rows = ways.map((way) => {
    const ratios = samples[way].map((value, round) => value / samples.frame[round]!)
    const spread = `${quantile(ratios, 0.25).toFixed(2)} to ${quantile(ratios, 0.75).toFixed(2)}`
    return [names[way], median(samples[way]).toFixed(2), median(ratios).toFixed(2), spread]
  })
  print(
    `CPU of the server per delivery, ${subscribers.toLocaleString()} subscribers, ${rounds} rounds`,
    ['', 'µs', 'against a prepared frame', 'quartiles'],
    rows,
  )
}

async function broadcast(way: Way, subscribers: number): Promise<void> {
  const http = createServer()
  const publish = await publisher(way, http)
  const port = await listen(http)
  await using clients = await launch<unknown>(
    import.meta.filename,
    'subscribers',
    way,
    String(port),
    String(subscribers),
  )
  const measured = Math.ceil(60_000 / subscribers)
  const publishAll = async (count: number): Promise<void> => {
    for (let sent = 0; sent < count; sent++) {
      const all = clients.next()
      await publish()
      await nextTurn()
      await all
    }
  }
  await publishAll(warmup)
  const before = process.cpuUsage()
  await publishAll(measured)
  const { user, system } = process.cpuUsage(before)
  tell((user + system) / measured / subscribers)
}

/** Starts a server, and returns what sends one event to all that are connected to it. */
async function publisher(way: Way, http: Server): Promise<() => unknown> {
  if (way === 'hub') {
    const hub = openHub(http)
    return () => hub.channel(channel).publish('chat', message)
  }
  if (way === 'socket.io') {
    const server = new SocketIoServer(http, { transports: ['websocket'] })
    server.on('connection', (socket) => socket.join(channel))
    return () => server.to(channel).emit('chat', message)
  }
  return bareServer(http, way)
}

/** Connects them all, and tells whenever all have received one more publication. */
async function subscribe(way: Way, port: number, count: number): Promise<void> {
  let received = 0
  let told = 0
  const took = (): void => {
    if (++received >= count * (told + 1)) {
      told++
      tell(told)
    }
  }
  if (way === 'socket.io')
    await inBatches(count, async (index) => {
      const url = `ws://${addresses[index % addresses.length]}:${port}`
      const socket = io(url, { transports: ['websocket'], forceNew: true })
      socket.on('chat', took)
      await new Promise<void>((resolve) => socket.once('connect', resolve))
    })
  else {
    const all = await dialAll(way, port, count)
    for (const subscriber of all) subscriber.onReceived = took
    if (way === 'hub') await inBatches(count, (index) => all[index]!.join(channel))
  }
  await sleep(200)
  tell('ready')
}

async function dialAll(way: Way, port: number, count: number): Promise<RawSubscriber[]> {
  return await inBatches(count, (index) => {
    const url = `ws://${addresses[index % addresses.length]}:${port}/ws`
    return new RawSubscriber(url, way !== 'hub').ready()
  })
}

/** Does something so many times, some at once. */
async function inBatches<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const all: T[] = []
  while (all.length < count) {
    const from = all.length
    const size = Math.min(batch, count - from)
    all.push(...(await Promise.all(Array.from({ length: size }, (_, index) => make(from + index)))))
  }
  return all
}

// Recovery

async function recoveries(): Promise<void> {
  const [clients, missed] = [1_000, 100]
  const http = createServer()
  const hub = openHub(http)
  const port = await listen(http)
  await using child = await launch<unknown>(import.meta.filename, 'recover', String(port), String(clients))
  for (let index = 0; index < missed; index++) await hub.channel(channel).publish('chat', message)
  const before = process.cpuUsage()
  const begun = performance.now()
  await child.next()
  const time = performance.now() - begun
  const { user, system } = process.cpuUsage(before)
  print(
    `${clients.toLocaleString()} clients join at once, and each has missed ${missed} publications`,
    ['', ''],
    [
      ['until the last client has the last one, ms', time.toFixed(0)],
      ['CPU of the server per client, µs', ((user + system) / clients).toFixed(0)],
      ['CPU of the server per publication, µs', ((user + system) / clients / missed).toFixed(2)],
    ],
  )
  http.closeAllConnections()
  http.close()
  void hub.close()
}

async function recover(port: number, clients: number): Promise<void> {
  const [first] = await dialAll('hub', port, 1)
  await first!.join(channel)
  const { at } = first!
  const all = await dialAll('hub', port, clients)
  tell('ready')
  // The others are published meanwhile.
  while (first!.received < 100) await sleep(10)
  await new Promise<void>((resolve) => {
    let left = clients
    for (const subscriber of all) {
      subscriber.onReceived = () => {
        if (subscriber.received === 100 && --left === 0) resolve()
      }
      void subscriber.join(channel, at)
    }
  })
  tell('recovered')
}

// Memory

async function connections(count: number): Promise<void> {
  const kinds = ['send', 'hub'] as const
  const samples = await compare(import.meta.filename, ['memory'] as const, 1, 'send', String(count))
  const ours = await compare(import.meta.filename, ['memory'] as const, 1, 'hub', String(count))
  const kib = [samples.memory[0]!, ours.memory[0]!].map((bytes) => bytes / 1_024)
  print(
    `Memory of a connection, ${count.toLocaleString()} of them`,
    ['', 'KiB'],
    kinds.map((way, index) => [way === 'hub' ? 'holdfast, a session' : 'ws', kib[index]!.toFixed(1)]),
  )
}

async function memoryPer(way: Way, count: number): Promise<void> {
  const http = createServer()
  await publisher(way, http)
  const port = await listen(http)
  // The first ones bring code and buffers that all share.
  await using warm = await launch<unknown>(import.meta.filename, 'idle', way, String(port), '100')
  const before = await settledMemory()
  await using clients = await launch<unknown>(import.meta.filename, 'idle', way, String(port), String(count))
  tell(((await settledMemory()) - before) / count)
  void [warm, clients]
  await sleep(1_000)
}

async function settledMemory(): Promise<number> {
  await sleep(2_000)
  return process.memoryUsage().rss
}

async function connectAll(way: Way, port: number, count: number): Promise<void> {
  await dialAll(way, port, count)
  tell('ready')
}
