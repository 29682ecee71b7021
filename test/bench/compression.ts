// What `perMessageDeflate` costs a server, and saves: memory of a connection that has sent and received a compressed message,
// CPU time and bytes on the wire for each message of about 2 KB (a list in JSON) that is sent to every client.
//
// Each row is a fresh server; the clients are in another process.
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHub } from '@holdfast/server'
import type { HubOptions } from '@holdfast/server'
import { createClient, session } from 'holdfast'
import type { Client } from 'holdfast'
import { WebSocket } from 'ws'
import { launch, roleOf, tell } from './child.ts'
import { print } from './figures.ts'

const clients = 400
const measured = 50

const cases: Readonly<Record<string, HubOptions['perMessageDeflate']>> = {
  'no compression': false,
  'perMessageDeflate: true': true,
  'windowBits: 10, memLevel: 3': { windowBits: 10, memLevel: 3 },
  'contextTakeover: true': { contextTakeover: true },
  'windowBits: 15, memLevel: 8, level: 6, contextTakeover: true': {
    windowBits: 15,
    memLevel: 8,
    level: 6,
    contextTakeover: true,
  },
}

interface Figures {
  readonly memory: number
  readonly cpu: number
  readonly bytes: number
}

const role = roleOf()
if (role?.[0] === 'clients') await connectAll(role[1]!)
else if (role) await play(cases[role[0]!])
else await main()

async function main(): Promise<void> {
  const rows: string[][] = []
  for (const name of Object.keys(cases)) {
    await using child = await launch<Figures>(import.meta.filename, name)
    const { memory, cpu, bytes } = child.first
    rows.push([name, (memory / 1_024).toFixed(1), cpu.toFixed(0), bytes.toFixed(0)])
  }
  print(
    `A broadcast of ${JSON.stringify(list(0)).length.toLocaleString()} bytes to ${clients} clients, which have sent one`,
    ['', 'KiB per connection', 'µs per message', 'bytes per message'],
    rows,
  )
}

async function play(perMessageDeflate: HubOptions['perMessageDeflate']): Promise<void> {
  const hub = createHub({ ...(perMessageDeflate && { perMessageDeflate }) })
  const http = createServer()
  const sockets = new Set<Socket>()
  http.on('connection', (socket) => sockets.add(socket))
  hub.attach(http)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const written = (): number => [...sockets].reduce((sum, { bytesWritten }) => sum + bytesWritten, 0)
  const before = await settledMemory()
  const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/ws`
  await using child = await launch<unknown>(import.meta.filename, 'clients', url)
  hub.broadcast('list', list(0))
  await child.next()
  const memory = ((await settledMemory()) - before) / clients

  const start = process.cpuUsage()
  const sent = written()
  for (let index = 1; index <= measured; index++) {
    const received = child.next()
    hub.broadcast('list', list(index))
    await received
  }
  const { user, system } = process.cpuUsage(start)
  const count = measured * clients
  tell({ memory, cpu: (user + system) / count, bytes: (written() - sent) / count } satisfies Figures)
}

/** Connects them, each of which sends one, and tells whenever all have received one more. */
async function connectAll(url: string): Promise<void> {
  const all: Client[] = []
  let received = 0
  for (let index = 0; index < clients; index++) {
    const client = createClient({ url, WebSocket, wire: session() })
    client.on('list', () => {
      if (++received % clients === 0) tell(received)
    })
    await client.connect()
    await client.send('list', list(index))
    all.push(client)
  }
  tell(all.length)
}

/** Messages as a chat has them. */
function list(seed: number): unknown {
  return Array.from({ length: 20 }, (_, index) => ({
    id: 1_000 * seed + index * 37,
    from: ['ann', 'bob', 'carol', 'dave'][(seed + index) % 4],
    text: `message ${(index * 7_919 + seed * 104_729).toString(36)} about ${(seed * index * 31) % 1_000}`,
    at: 1_700_000_000_000 + seed * 60_000 + index * 1_234,
  }))
}

async function settledMemory(): Promise<number> {
  await sleep(1_500)
  return process.memoryUsage().rss
}
