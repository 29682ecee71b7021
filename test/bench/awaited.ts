// What it costs to know: 1,000 sends of 100 bytes that are awaited at any time, against volatile sends, which ask for no
// ack. Wall time from the first send to the moment when the server has handled the last, over a loopback.
//
// Each sample is a fresh client; the hub has a process of its own. Volatile sends go in bursts of 1,000 in a turn, and
// wait while the socket has more than 64 KiB to send, because one that cannot go at once is dropped.
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createClient, session } from 'holdfast'
import type { Client } from 'holdfast'
import { WebSocket } from 'ws'
import { launch, roleOf, tell } from './child.ts'
import { compare } from './compare.ts'
import { median, print, quantile } from './figures.ts'
import { message } from './flood-server.ts'

const rounds = 9
const warmup = 50_000
const measured = 200_000
const outstanding = 1_000
const behind = 65_536

const ways = ['awaited', 'volatile'] as const
type Way = (typeof ways)[number]

const role = roleOf()
if (role) await play(role[0] as Way, role[1]!)
else await main()

async function main(): Promise<void> {
  await using server = await launch<number>(join(import.meta.dirname, 'hub-server.ts'))
  const samples = await compare(import.meta.filename, ways, rounds, `ws://127.0.0.1:${server.first}/ws`)
  const each = samples.volatile.map((time, round) => time / samples.awaited[round]!)
  print(
    `Messages per second, ${outstanding} outstanding, ${rounds} rounds of ${measured} messages`,
    ['', 'volatile', 'awaited', 'median of ratios', 'quartiles'],
    [
      [
        'throughput',
        perSecond(samples.volatile),
        perSecond(samples.awaited),
        median(each).toFixed(2),
        `${quantile(each, 0.25).toFixed(2)} to ${quantile(each, 0.75).toFixed(2)}`,
      ],
    ],
  )
}

function perSecond(times: readonly number[]): number {
  return Math.round((1_000 * measured) / median(times))
}

async function play(way: Way, url: string): Promise<void> {
  const client = createClient({ url, WebSocket, wire: session() })
  await client.connect()
  const send = way === 'awaited' ? sendAwaited : sendVolatile
  await send(client, warmup)
  const start = performance.now()
  await send(client, measured)
  tell(performance.now() - start)
}

async function sendAwaited(client: Client, count: number): Promise<void> {
  let left = count
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const { status } = await client.send('chat', message)
      if (status !== 'delivered') throw new Error(`a message was ${status}`)
    }
  }
  await Promise.all(Array.from({ length: outstanding }, worker))
}

async function sendVolatile(client: Client, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += outstanding) {
    for (let index = 0; index < outstanding; index++) client.send('chat', message, { volatile: true })
    do await nextTurn()
    while (client.stats().bufferedBytes > behind)
  }
  // Comes after all of them.
  await client.request('echo')
}
