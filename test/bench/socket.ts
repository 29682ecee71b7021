// CPU time that one message of 100 bytes costs a socket with one listener, received and sent: `ReconnectingWebSocket` of
// holdfast/socket, reconnecting-websocket and partysocket, each on a socket class, against that class itself. Both on the
// WebSocket of Node and on `ws`.
//
// Each sample is a fresh process that does nothing but receive or send, warmed up first; the server floods, or reads and
// forgets, in another one. The messages are not parsed: what is left is what the classes themselves add.
import { join } from 'node:path'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { ReconnectingWebSocket } from 'holdfast/socket'
import PartySocket from 'partysocket/ws'
import Pladaria from 'reconnecting-websocket'
import { WebSocket as WsSocket } from 'ws'
import { launch, roleOf, tell } from './child.ts'
import { compare } from './compare.ts'
import { median, print, quantile } from './figures.ts'
import { event } from './flood-server.ts'

const rounds = 9
const received = { warmup: 100_000, measured: 400_000 }
const sent = { warmup: 20_000, measured: 100_000 }
/** How many are sent in one turn of the event loop. */
const burst = 100
/** More than this in the buffer means that the server is behind; a queue must not form on either side. */
const behind = 65_536

const classes = ['bare', 'holdfast/socket', 'reconnecting-websocket', 'partysocket'] as const
type Class = (typeof classes)[number]
const ways = ['received', 'sent'] as const
type Way = (typeof ways)[number]

interface Socket {
  readonly bufferedAmount: number
  addEventListener(name: 'open' | 'message', listener: () => void): void
  send(data: string): unknown
}

const text = JSON.stringify(event)
const role = roleOf()
if (role) await play(role[0] as Class, role[1]!, role[2] as Way, role[3]!)
else await main()

async function main(): Promise<void> {
  await using server = await launch<number>(join(import.meta.dirname, 'flood-server.ts'))
  for (const way of ways) {
    const rows: string[][] = []
    for (const platform of ['native', 'ws']) {
      const url = `ws://127.0.0.1:${server.first}`
      const samples = await compare(import.meta.filename, classes, rounds, platform, way, url)
      for (const name of classes.slice(1)) {
        const each = samples[name].map((value, round) => value / samples.bare[round]!)
        const quartiles = [0.25, 0.75].map((share) => quantile(each, share).toFixed(2)).join(' to ')
        const medians = [samples.bare, samples[name]].map((values) => median(values).toFixed(2))
        rows.push([`${name} on ${platform}`, ...medians, median(each).toFixed(2), quartiles])
      }
    }
    print(
      `CPU per ${way} message, ${rounds} rounds of ${{ received, sent }[way].measured} messages`,
      ['', 'bare, µs', 'with it, µs', 'median of ratios', 'quartiles'],
      rows,
    )
  }
}

async function play(name: Class, platform: string, way: Way, server: string): Promise<void> {
  const Base = platform === 'ws' ? WsSocket : WebSocket
  const { warmup, measured } = { received, sent }[way]
  const socket = open(
    name,
    Base,
    way === 'sent' ? `${server}/` : `${server}/flood?count=${warmup + measured}`,
  )
  if (way === 'received') {
    let count = 0
    let before: NodeJS.CpuUsage
    socket.addEventListener('message', () => {
      count++
      if (count === warmup) before = process.cpuUsage()
      if (count === warmup + measured) report(before, measured)
    })
    return
  }
  await new Promise<void>((resolve) => socket.addEventListener('open', resolve))
  await send(socket, warmup)
  const before = process.cpuUsage()
  await send(socket, measured)
  report(before, measured)
}

function open(name: Class, Base: typeof WsSocket | typeof WebSocket, url: string): Socket {
  switch (name) {
    case 'bare':
      return new Base(url)
    case 'holdfast/socket':
      return new ReconnectingWebSocket(url, [], { WebSocket: Base })
    case 'reconnecting-websocket':
      return new Pladaria(url, [], { WebSocket: Base })
    case 'partysocket':
      return new PartySocket(url, [], { WebSocket: Base })
  }
}

async function send(socket: Socket, count: number): Promise<void> {
  for (let done = 0; done < count; done += burst) {
    for (let index = 0; index < burst; index++) socket.send(text)
    await nextTurn()
    while (socket.bufferedAmount > behind) await sleep(1)
  }
}

function report(before: NodeJS.CpuUsage, messages: number): void {
  const { user, system } = process.cpuUsage(before)
  tell((user + system) / messages)
}
