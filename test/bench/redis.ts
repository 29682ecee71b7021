// Publications from one server to the client of another by way of a real Redis: a channel of ours, a room of Socket.IO with its
// adapter for Redis pub/sub and with that for Redis Streams, and what node-redis can do alone. Then 1,000 clients that come to
// another hub at once, and have all missed the same; and 1,000 members that change all the time.
//
// All run in this process, one after the other in each round. `--only=publications`, `recovery` or `presence` is one part; CHANNELS is the
// number of channels, instead of 1 and then 1,000.
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { redis } from '@holdfast/redis'
import { createHub } from '@holdfast/server'
import type { BrokerNode, Hub, MemberChange } from '@holdfast/server'
import { createAdapter as createPubSubAdapter } from '@socket.io/redis-adapter'
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter'
import { channel, createClient, session } from 'holdfast'
import { DisconnectsClientError } from 'redis'
import { Server as SocketIoServer } from 'socket.io'
import { io } from 'socket.io-client'
import { RedisServer, redisClient } from '../support/redis-server.ts'
import type { RedisClient } from '../support/redis-server.ts'
import { median, print, quantile } from './figures.ts'
import { message } from './flood-server.ts'
import { RawSubscriber } from './raw-subscriber.ts'

const rounds = 3
const single = 300
const many = 6_000
/** How many publications may be on their way. */
const underWay = 200
const clients = 1_000
const missed = 100
const members = 1_000
const changesPerSecond = 1_000
const seconds = 5

/** Two servers, and a client of the second one that has joined the rooms. */
interface Stage {
  /** Publishes on the first server. */
  publish(room: string): void
  /** Is called when the client has received one. */
  onReceived: () => void
  close(): Promise<void>
}

const ways = {
  'node-redis pub/sub alone': openRaw,
  'holdfast, channels': openHubs,
  'Socket.IO, Redis adapter': (server: RedisServer, rooms: readonly string[]) =>
    openSocketIo(server, rooms, (one, other) => createPubSubAdapter(one, other)),
  'Socket.IO, Redis Streams adapter': (server: RedisServer, rooms: readonly string[]) =>
    openSocketIo(server, rooms, (one) => createStreamsAdapter(one)),
}
type Way = keyof typeof ways
const names = Object.keys(ways) as Way[]

// The adapters of Socket.IO leave commands behind when their server closes.
process.on('unhandledRejection', (error) => {
  if (!(error instanceof DisconnectsClientError)) throw error
})
const { CHANNELS } = process.env
const channelCounts = CHANNELS ? [Number(CHANNELS)] : [1, 1_000]
const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice(7)
if (!only || only === 'publications') for (const count of channelCounts) await publications(count)
if (!only || only === 'recovery') await recovery()
if (!only || only === 'presence') await presence()
process.exit()

// Publications

interface Sample {
  readonly median: number
  readonly p99: number
  readonly perSecond: number
  readonly commands: number
  readonly bytesIn: number
  readonly bytesOut: number
}

async function publications(count: number): Promise<void> {
  const rooms = Array.from({ length: count }, (_, index) => `room:${index}`)
  const samples: Record<string, Sample[]> = {}
  for (let round = 0; round < rounds; round++)
    for (const way of names) (samples[way] ??= []).push(await sample(way, rooms))
  const rows = names.map((way) => {
    const of = (key: keyof Sample): number => median(samples[way]!.map((one) => one[key]))
    const ratios = samples[way]!.map(
      ({ perSecond }, round) => perSecond / samples[names[0]!]![round]!.perSecond,
    )
    return [
      way,
      of('median').toFixed(2),
      of('p99').toFixed(2),
      of('perSecond').toFixed(0),
      median(ratios).toFixed(2),
      of('commands').toFixed(1),
      of('bytesIn').toFixed(0),
      of('bytesOut').toFixed(0),
    ]
  })
  const head = [
    'median ms',
    'p99 ms',
    'publications/s',
    'against pub/sub',
    'commands',
    'bytes in',
    'bytes out',
  ]
  print(
    `From one server to a client of another, ${count.toLocaleString()} channels, ${rounds} rounds of ${many.toLocaleString()}`,
    ['', ...head],
    rows,
  )
}

async function sample(way: Way, rooms: readonly string[]): Promise<Sample> {
  await using server = await RedisServer.start()
  const stage = await ways[way](server, rooms)
  const room = (n: number): string => rooms[n % rooms.length]!
  const delays: number[] = []
  for (let n = 0; n < single; n++) await received(stage, 1, () => stage.publish(room(n)))
  for (let n = 0; n < single; n++) {
    const begun = performance.now()
    await received(stage, 1, () => stage.publish(room(n)))
    delays.push(performance.now() - begun)
  }
  const before = await counts(server)
  const begun = performance.now()
  let published = 0
  await received(stage, many, (count) => {
    while (published < many && published - count < underWay) stage.publish(room(published++))
  })
  const took = performance.now() - begun
  const after = await counts(server)
  await stage.close()
  const each = after.map((value, index) => (value - before[index]!) / many) as [number, number, number]
  const [commands, bytesIn, bytesOut] = each
  const perSecond = (many / took) * 1_000
  return { median: median(delays), p99: quantile(delays, 0.99), perSecond, commands, bytesIn, bytesOut }
}

/** Resolves when the client has received that many. `go` is called first, and after each. */
async function received(stage: Stage, wanted: number, go: (count: number) => void): Promise<void> {
  await new Promise<void>((resolve) => {
    let count = 0
    stage.onReceived = () => {
      if (++count === wanted) resolve()
      else go(count)
    }
    go(0)
  })
}

async function openRaw(server: RedisServer, rooms: readonly string[]): Promise<Stage> {
  const [publisher, subscriber] = await Promise.all([connected(server), connected(server)])
  const text = JSON.stringify(message)
  const stage: Stage = {
    onReceived() {},
    publish: (room) => void publisher.sPublish(room, text),
    async close() {
      publisher.destroy()
      subscriber.destroy()
    },
  }
  for (const room of rooms)
    await subscriber.sSubscribe(room, (data) => {
      JSON.parse(data)
      stage.onReceived()
    })
  return stage
}

async function openHubs(server: RedisServer, rooms: readonly string[]): Promise<Stage> {
  const [hub, other, http] = [openHub(server), openHub(server), createServer()]
  other.attach(http)
  const client = createClient({ url: `ws://127.0.0.1:${await listen(http)}/ws`, wire: session() })
  await client.connect()
  const stage: Stage = {
    onReceived() {},
    publish: (room) => void hub.channel(room).publish('chat', message),
    async close() {
      await client.dispose()
      await Promise.all([hub.close(), other.close()])
      http.close()
    },
  }
  let joined = 0
  for (const room of rooms) {
    const handle = channel(client, room)
    handle.on('chat', () => stage.onReceived())
    handle.subscribe(() => void (handle.state.status === 'joined' && joined++))
  }
  while (joined < rooms.length) await sleep(10)
  return stage
}

async function openSocketIo(
  server: RedisServer,
  rooms: readonly string[],
  adapterOf: (one: RedisClient, other: RedisClient) => unknown,
): Promise<Stage> {
  const redisClients: RedisClient[] = []
  const open = async (http: Server): Promise<SocketIoServer> => {
    const pair = await Promise.all([connected(server, { RESP: 2 }), connected(server, { RESP: 2 })])
    redisClients.push(...pair)
    const adapter = adapterOf(...pair) as never
    return new SocketIoServer(http, { transports: ['websocket'], adapter })
  }
  const [http, otherHttp] = [createServer(), createServer()]
  const [one, other] = [await open(http), await open(otherHttp)]
  other.on('connection', async (socket) => {
    await socket.join([...rooms])
    socket.emit('joined')
  })
  const socket = io(`ws://127.0.0.1:${await listen(otherHttp)}`, {
    transports: ['websocket'],
    forceNew: true,
  })
  const stage: Stage = {
    onReceived() {},
    publish: (room) => void one.to(room).emit('chat', message),
    async close() {
      socket.disconnect()
      await Promise.all([one.close(), other.close()])
      for (const client of redisClients) client.destroy()
    },
  }
  socket.on('chat', () => stage.onReceived())
  await new Promise<void>((resolve) => socket.once('joined', resolve))
  // The servers look for each other.
  await sleep(500)
  return stage
}

/** Commands, also those within scripts, and bytes. */
async function counts(server: RedisServer): Promise<readonly number[]> {
  const info = String(await server.command('INFO', 'stats'))
  return ['total_commands_processed', 'total_net_input_bytes', 'total_net_output_bytes'].map((name) =>
    Number(new RegExp(`${name}:(\\d+)`).exec(info)?.[1]),
  )
}

// Recovery

async function recovery(): Promise<void> {
  await using server = await RedisServer.start()
  const [hub, other] = [openHub(server), openHub(server)]
  const [http, otherHttp] = [createServer(), createServer()]
  hub.attach(http)
  other.attach(otherHttp)
  const [first] = await dial(await listen(http), 1)
  await first!.join('room:1')
  const { at } = first!
  for (let n = 0; n < missed; n++) await hub.channel('room:1').publish('chat', message)
  const all = await dial(await listen(otherHttp), clients)
  const before = await reads(server)
  const begun = performance.now()
  await new Promise<void>((resolve) => {
    let left = clients
    for (const subscriber of all) {
      subscriber.onReceived = () => {
        if (subscriber.received === missed && --left === 0) resolve()
      }
      void subscriber.join('room:1', at)
    }
  })
  const took = performance.now() - begun
  print(
    `${clients.toLocaleString()} clients come to another hub at once, and each has missed ${missed} publications`,
    ['', ''],
    [
      ['until the last client has the last one, ms', took.toFixed(0)],
      ['reads of the log in Redis', (await reads(server)) - before],
    ],
  )
  for (const { socket } of [first!, ...all]) socket.terminate()
  await Promise.all([hub.close(), other.close()])
}

async function dial(port: number, count: number): Promise<RawSubscriber[]> {
  const all: RawSubscriber[] = []
  while (all.length < count) {
    const some = Array.from({ length: Math.min(100, count - all.length) }, () =>
      new RawSubscriber(`ws://127.0.0.1:${port}/ws`, false).ready(),
    )
    all.push(...(await Promise.all(some)))
  }
  return all
}

async function reads(server: RedisServer): Promise<number> {
  const info = String(await server.command('INFO', 'commandstats'))
  return Number(/cmdstat_xrange:calls=(\d+)/.exec(info)?.[1] ?? 0)
}

// Presence

/** The members are of two nodes, each of which is notified of all changes. */
async function presence(): Promise<void> {
  await using server = await RedisServer.start()
  const setAt = new Map<string, number>()
  const delays: number[] = []
  const versions: [number[], number[]] = [[], []]
  const open = (index: 0 | 1): BrokerNode =>
    redis({ client: server.client }).open({
      published() {},
      reset() {},
      memberChanged(_, { version, member }: MemberChange) {
        versions[index].push(version)
        const at = setAt.get(member?.data ?? '')
        if (at !== undefined) delays.push(performance.now() - at)
      },
    })
  const nodes = [open(0), open(1)] as const
  for (const node of nodes) await node.subscribe('room')
  const set = (n: number): Promise<void> => {
    const data = String(n)
    setAt.set(data, performance.now())
    const key = `member ${n % members}`
    return nodes[n % 2]!.setMember('room', { key, identity: null, data })
  }
  await Promise.all(Array.from({ length: members }, (_, n) => set(n)))
  const before = await counts(server)
  delays.length = 0
  const begun = performance.now()
  const changes = changesPerSecond * seconds
  const pending: Promise<void>[] = []
  while (pending.length < changes) {
    const due = Math.min(changes, ((performance.now() - begun) * changesPerSecond) / 1_000)
    while (pending.length < due) pending.push(set(members + pending.length))
    await sleep(5)
  }
  await Promise.all(pending)
  const all = members + changes
  while (versions.some((heard) => heard.length < all)) await sleep(5)
  const took = performance.now() - begun
  const after = await counts(server)
  const readAt = performance.now()
  const { members: listed } = await nodes[1].members('room')
  const read = performance.now() - readAt
  const holes = versions.map((heard) => heard.filter((version, n) => n > 0 && version !== heard[n - 1]! + 1))
  print(
    `${members.toLocaleString()} members of two nodes, ${changesPerSecond.toLocaleString()} changes a second`,
    ['', ''],
    [
      ['changes a second', ((changes / took) * 1_000).toFixed(0)],
      ['until both nodes have heard of one, median ms', median(delays).toFixed(2)],
      ['the same, p99 ms', quantile(delays, 0.99).toFixed(2)],
      ['commands in Redis per change', ((after[0]! - before[0]!) / changes).toFixed(1)],
      ['bytes out of Redis per change', ((after[2]! - before[2]!) / changes).toFixed(0)],
      ['holes in the versions', holes.flat().length],
      [`reading all ${listed.length.toLocaleString()} members, ms`, read.toFixed(1)],
    ],
  )
  for (const node of nodes) await node.close()
}

// All

function openHub(server: RedisServer): Hub {
  const limits = {
    maxChannelsPerSession: 2_000,
    maxConnectionsPerAddress: 1e6,
    maxSessionsPerAddress: 1e6,
    maxConnections: 1e6,
  }
  const hub = createHub({ limits, broker: redis({ client: server.client }) })
  hub.channels('room', { subscribe: () => true, history: { maxMessages: 100 } })
  return hub
}

async function connected(server: RedisServer, options: object = {}): Promise<RedisClient> {
  const client = redisClient(server.port, options)
  client.on('error', () => {})
  return client.connect()
}

async function listen(http: Server): Promise<number> {
  await new Promise<void>((resolve) => http.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, resolve))
  return (http.address() as AddressInfo).port
}
