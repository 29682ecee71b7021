// CPU time that a broadcast costs the server per recipient and event of 100 bytes: `hub.broadcast`, which encodes once,
// against what the tutorials do, `socket.send(JSON.stringify(…))` for every client of a bare `ws`, and against the same
// with one text for all. One event in a turn of the event loop, or 20, which the hub packs.
//
// Each sample is a fresh server. The recipients are real clients in another process, so acks are part of the cost.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { createHub } from '@holdfast/server'
import { createClient, session } from 'holdfast'
import { WebSocket, WebSocketServer } from 'ws'
import { launch, roleOf, tell } from './child.ts'
import { compare, ratio, ratioHead } from './compare.ts'
import { print } from './figures.ts'
import { message } from './flood-server.ts'

const rounds = 7
const recipients = 100
const warmup = 400
const measured = 2_000
/** How much may be on its way to a recipient, in events. */
const behind = 400

const ways = ['naive', 'one text', 'hub'] as const
type Way = (typeof ways)[number]

const { from, room, text, at } = message
const role = roleOf()
if (role?.[0] === 'clients') await receive(role[1] as Way, role[2]!)
else if (role) await play(role[0] as Way, Number(role[1]))
else await main()

async function main(): Promise<void> {
  const rows: string[][] = []
  for (const perTurn of [1, 20]) {
    const samples = await compare(import.meta.filename, ways, rounds, String(perTurn))
    rows.push(
      [`hub, ${perTurn} in a turn`, ...ratio(samples.hub, samples.naive)],
      [`hub, ${perTurn} in a turn, against one text`, ...ratio(samples.hub, samples['one text'])],
    )
  }
  print(
    `CPU of the server per recipient and event, ${recipients} recipients, ${rounds} rounds of ${measured} events`,
    ['', ...ratioHead],
    rows,
  )
}

interface Sender {
  send(): void
  /** Events that were sent and have not reached every client. */
  waiting(): number
}

async function play(way: Way, perTurn: number): Promise<void> {
  const http = createServer()
  const { send, waiting } = way === 'hub' ? hub(http) : bare(http, way)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/ws`
  await using clients = await launch<unknown>(import.meta.filename, 'clients', way, url)
  const sendAll = async (count: number): Promise<void> => {
    for (let sent = 0; sent < count; sent += perTurn) {
      for (let index = 0; index < perTurn; index++) send()
      await nextTurn()
      if (sent % 20 === 0) while (waiting() > behind) await sleep(1)
    }
    await clients.next()
  }
  await sendAll(warmup)
  const before = process.cpuUsage()
  await sendAll(measured)
  const { user, system } = process.cpuUsage(before)
  tell((user + system) / measured / recipients)
}

function hub(http: ReturnType<typeof createServer>): Sender {
  const server = createHub()
  server.attach(http)
  return {
    send: () => server.broadcast('chat', { from, room, text, at }),
    waiting: () => server.stats().bufferedMessages / recipients,
  }
}

function bare(http: ReturnType<typeof createServer>, way: Way): Sender {
  const server = new WebSocketServer({ server: http })
  const encode = (): string => JSON.stringify({ type: 'chat', from, room, text, at })
  return {
    send() {
      if (way === 'naive') for (const client of server.clients) client.send(encode())
      else {
        const encoded = encode()
        for (const client of server.clients) client.send(encoded)
      }
    },
    waiting() {
      let bytes = 0
      for (const { bufferedAmount } of server.clients) bytes += bufferedAmount
      return bytes / 100 / recipients
    },
  }
}

/** Connects them all, and says so, and when all have got the warm-up and the rest. */
async function receive(way: Way, url: string): Promise<void> {
  let count = 0
  const taken = (): void => {
    count++
    if (count === warmup * recipients || count === (warmup + measured) * recipients) tell(count)
  }
  for (let index = 0; index < recipients; index++)
    if (way === 'hub') {
      const client = createClient({ url, WebSocket, wire: session() })
      client.on('chat', taken)
      await client.connect()
    } else {
      const socket = new WebSocket(url)
      socket.onmessage = taken
      await new Promise((resolve) => (socket.onopen = resolve))
    }
  tell(0)
}
