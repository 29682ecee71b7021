// CPU time that one sent event of 100 bytes costs on an open connection: `client.send` with the delivery left alone,
// against `socket.send(JSON.stringify(…))`. Both on `ws` and on the WebSocket of Node.
//
// Each sample is a fresh process that does nothing but send, warmed up first. On the plain wire the server reads and
// forgets; on the session wire it is a hub, and its acks are part of the cost.
// A write wakes the server up more often the slower the sender is, and the kernel charges the sender for it: of the
// difference on the plain wire, what the client itself adds is in the table of `emit.ts`.
import { join } from 'node:path'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { createClient, session } from 'holdfast'
import { WebSocket as WsSocket } from 'ws'
import { launch, roleOf, tell } from './child.ts'
import { compare, ratio, ratioHead } from './compare.ts'
import { print } from './figures.ts'
import { event, message } from './flood-server.ts'

const rounds = 9
const warmup = 20_000
const measured = 100_000
/** How many are sent in one turn of the event loop. */
const burst = 100
/** More than this in the socket's buffer means that the server is behind; a queue must not form on either side. */
const behind = 65_536

const { from, room, text, at } = message
const wires = ['raw', 'plain', 'session'] as const
type Wire = (typeof wires)[number]
type Socket = typeof WebSocket | typeof WsSocket

const role = roleOf()
if (role) await play(role[0] as Wire, role[1]!, role[2]!, role[3]!)
else await main()

async function main(): Promise<void> {
  await using reader = await launch<number>(join(import.meta.dirname, 'flood-server.ts'))
  await using hub = await launch<number>(join(import.meta.dirname, 'hub-server.ts'))
  const urls = [`ws://127.0.0.1:${reader.first}/`, `ws://127.0.0.1:${hub.first}/ws`]
  const rows: string[][] = []
  for (const socket of ['ws', 'native']) {
    const samples = await compare(import.meta.filename, wires, rounds, socket, ...urls)
    rows.push(
      [`${socket}, plain()`, ...ratio(samples.plain, samples.raw)],
      [`${socket}, session()`, ...ratio(samples.session, samples.raw)],
    )
  }
  print(
    `CPU per sent event, ${burst} in a turn, ${rounds} rounds of ${measured} events`,
    ['', ...ratioHead],
    rows,
  )
}

async function play(wire: Wire, platform: string, reader: string, hub: string): Promise<void> {
  const Socket: Socket = platform === 'ws' ? WsSocket : WebSocket
  const { send, waiting } = await (wire === 'raw' ? raw(Socket, reader) : holdfast(Socket, wire, reader, hub))
  const sendAll = async (count: number): Promise<void> => {
    for (let sent = 0; sent < count; sent += burst) {
      for (let index = 0; index < burst; index++) send()
      await nextTurn()
      while (waiting() > behind) await sleep(1)
    }
  }
  await sendAll(warmup)
  const before = process.cpuUsage()
  await sendAll(measured)
  const { user, system } = process.cpuUsage(before)
  tell((user + system) / measured)
}

interface Sender {
  send(): void
  /** Bytes that wait. */
  waiting(): number
}

async function holdfast(Socket: Socket, wire: Wire, reader: string, hub: string): Promise<Sender> {
  const client = createClient(
    wire === 'plain' ? { url: reader, WebSocket: Socket } : { url: hub, WebSocket: Socket, wire: session() },
  )
  await client.connect()
  return {
    send: () => {
      client.send('chat', { from, room, text, at })
    },
    waiting() {
      const { bufferedBytes, unacknowledgedMessages } = client.stats()
      return bufferedBytes + unacknowledgedMessages * JSON.stringify(event).length
    },
  }
}

async function raw(Socket: Socket, url: string): Promise<Sender> {
  const socket = new Socket(url)
  await new Promise<void>((resolve) => (socket.onopen = () => resolve()))
  return {
    send: () => socket.send(JSON.stringify({ type: 'chat', from, room, text, at })),
    waiting: () => socket.bufferedAmount,
  }
}
