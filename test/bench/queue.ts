// 10,000 messages of 100 bytes that were queued while the server was down for 5 s: how long after the socket opened
// the last of them has arrived, and for how long the client's event loop was blocked meanwhile.
//
// The server is a process that is killed, and another one later on the same port; it checks that every message comes
// once and in order. Moments are read from the clock that all processes share.
import { setTimeout as sleep } from 'node:timers/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createClient } from 'holdfast'
import { WebSocket as WsSocket, WebSocketServer } from 'ws'
import { launch, roleOf, tell } from './child.ts'
import { median, print } from './figures.ts'

const rounds = 3
const messages = 10_000
const offline = 5_000
const text = 'x'.repeat(65)

interface Arrival {
  readonly port: number
  /** Of the last message, in milliseconds. */
  readonly lastAt: number
  readonly received: number
  readonly isOrdered: boolean
}
interface Round {
  readonly time: number
  readonly blocked: number
}

const role = roleOf()
if (role) serve(Number(role[0]))
else await main()

async function main(): Promise<void> {
  const results = { ws: [] as Round[], native: [] as Round[] }
  for (let round = 0; round < rounds; round++) {
    results.ws.push(await measure(WsSocket))
    results.native.push(await measure(WebSocket as unknown as typeof WsSocket))
  }
  print(
    `${messages} messages queued during ${offline / 1_000} s offline: all arrived in order and once, medians of ${rounds} rounds`,
    ['socket', 'open to last arrival, ms', 'messages/s', 'longest block, ms'],
    Object.entries(results).map(([name, all]) => {
      const time = median(all.map((one) => one.time))
      const blocked = median(all.map((one) => one.blocked))
      return [name, time.toFixed(0), Math.round((messages / time) * 1_000), blocked.toFixed(1)]
    }),
  )
}

async function measure(Socket: typeof WsSocket): Promise<Round> {
  let openedAt = 0
  class Timed extends Socket {
    constructor(url: string) {
      super(url)
      this.addEventListener('open', () => (openedAt = now()))
    }
  }
  let server = await launch<Arrival>(import.meta.filename, '0')
  const { port } = server.first
  const client = createClient({
    url: `ws://127.0.0.1:${port}`,
    WebSocket: Timed,
    backoff: { minDelay: 100, baseDelay: 200, maxDelay: 200 },
  })
  await client.connect()
  const down = new Promise<void>((resolve) => client.watch('down', () => resolve()))
  await server[Symbol.asyncDispose]()
  await down

  const parts = 50
  for (let part = 0; part < parts; part++) {
    for (let index = 0; index < messages / parts; index++)
      client.send('chat', { n: part * (messages / parts) + index, text })
    await sleep(offline / parts)
  }
  if (client.stats().queuedMessages !== messages) throw new Error('some messages were not queued')

  server = await launch<Arrival>(import.meta.filename, String(port))
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const { lastAt, received, isOrdered } = await server.next()
  delay.disable()
  await client.dispose()
  await server[Symbol.asyncDispose]()
  if (received !== messages || !isOrdered) throw new Error(`${received} messages, in order: ${isOrdered}`)
  return { time: lastAt - openedAt, blocked: delay.max / 1e6 }
}

function serve(wanted: number): void {
  let received = 0
  let isOrdered = true
  let lastAt = 0
  const server = new WebSocketServer({ port: wanted, host: '127.0.0.1' })
  server.on('connection', (socket) =>
    socket.on('message', (data: Buffer) => {
      isOrdered &&= (JSON.parse(data.toString()) as { readonly n: number }).n === received
      received++
      if (received !== messages) return
      lastAt = now()
      // Whatever came twice would come now.
      setTimeout(() => tell({ lastAt, received, isOrdered }), 300)
    }),
  )
  server.on('listening', () => tell({ port: (server.address() as { readonly port: number }).port }))
}

function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
