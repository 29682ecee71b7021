// CPU time that one sent event of 100 bytes costs on an open connection: `client.send` with the delivery left alone,
// against `socket.send(JSON.stringify(…))`. Both on `ws` and on the WebSocket of Node.
//
// Each sample is a fresh process that does nothing but send, warmed up first, to a server that reads and forgets.
// A write wakes the server up more often the slower the sender is, and the kernel charges the sender for it: of the
// difference, what the client itself adds is in the table of `emit.ts`.
import { join } from 'node:path'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'holdfast'
import { WebSocket as WsSocket } from 'ws'
import { launch, roleOf, tell } from './child.ts'
import { compare, ratio, ratioHead } from './compare.ts'
import { print } from './figures.ts'
import { event } from './flood-server.ts'

const rounds = 9
const warmup = 20_000
const measured = 100_000
/** How many are sent in one turn of the event loop. */
const burst = 100
/** More than this in the socket's buffer means that the server is behind; a queue must not form on either side. */
const behind = 65_536

const { from, room, text, at } = event

const role = roleOf()
if (role) await play(role[0]!, role[1]!)
else await main()

async function main(): Promise<void> {
  await using server = await launch<number>(join(import.meta.dirname, 'flood-server.ts'))
  const roles = ['ws raw', 'ws holdfast', 'native raw', 'native holdfast'] as const
  const samples = await compare(import.meta.filename, roles, rounds, `ws://127.0.0.1:${server.first}/`)
  print(
    `CPU per sent event, ${rounds} rounds of ${measured} events`,
    ['socket', ...ratioHead],
    [
      ['ws', ...ratio(samples['ws holdfast'], samples['ws raw'])],
      ['native', ...ratio(samples['native holdfast'], samples['native raw'])],
    ],
  )
}

async function play(name: string, url: string): Promise<void> {
  const Socket = name.startsWith('ws') ? WsSocket : WebSocket
  const { send, buffered } = name.endsWith('holdfast') ? await holdfast(Socket, url) : await raw(Socket, url)
  const sendAll = async (count: number): Promise<void> => {
    for (let sent = 0; sent < count; sent += burst) {
      for (let index = 0; index < burst; index++) send()
      await nextTurn()
      while (buffered() > behind) await sleep(1)
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
  buffered(): number
}

async function holdfast(Socket: typeof WebSocket | typeof WsSocket, url: string): Promise<Sender> {
  const client = createClient({ url, WebSocket: Socket })
  await client.connect()
  return {
    send: () => {
      client.send('chat', { from, room, text, at })
    },
    buffered: () => client.stats().bufferedBytes,
  }
}

async function raw(Socket: typeof WebSocket | typeof WsSocket, url: string): Promise<Sender> {
  const socket = new Socket(url)
  await new Promise<void>((resolve) => (socket.onopen = () => resolve()))
  return {
    send: () => socket.send(JSON.stringify({ type: 'chat', from, room, text, at })),
    buffered: () => socket.bufferedAmount,
  }
}
