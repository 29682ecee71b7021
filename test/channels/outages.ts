// Real sockets: many subscribers of one channel, each behind a path of its own that keeps breaking, and a planned restart.
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHub } from '@holdfast/server'
import type { Hub } from '@holdfast/server'
import { channel, createClient, session } from 'holdfast'
import type { Channel, Client } from 'holdfast'
import { expect } from 'vitest'
import { listen, until, upTo } from '../session/pair.ts'
import { perSecond } from '../session/traffic.ts'
import { startProxy } from '../support/proxy.ts'
import type { Proxy } from '../support/proxy.ts'
import { next, reach } from '../support/stage.ts'

const subscriberCount = 50
const cutInterval = 2_000
/** How long the paths break, in milliseconds. The server is replaced in the middle, once every subscriber has recovered something. */
const duration = 11_000
/** How long a short black hole is. A long one ends when the client has noticed it. */
const shortHole = 1_500

/** What a subscriber got, in order: the number of a publication, or a gap. */
type Got = number | 'gap'

interface Subscriber {
  readonly client: Client
  readonly proxy: Proxy
  readonly room: Channel
  readonly got: Got[]
  recovered: number
}

/** Expects that each subscriber gets every publication once and in order, or is notified of the gap first, at so many a second. */
export async function expectHealing(rate: number): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const first = openHub()
  const port = await listen(first.server)
  stack.defer(() => close(first))
  const subscribers = await Promise.all(upTo(subscriberCount).map(() => subscribe(port, stack)))
  await until(() => subscribers.every(({ room }) => room.state.status === 'joined'))

  let { hub } = first
  let count = 0
  const published: Promise<unknown>[] = []
  const publish = (): unknown => published.push(hub.channel('room:1').publish('n', count++))
  using traffic = perSecond(rate, publish)
  const broken = Promise.all(subscribers.map(breakPath))

  await sleep(duration / 2)
  await until(() => subscribers.every(({ recovered }) => recovered > 0))
  const closed = first.hub.close({ drain: 2_000 })
  first.server.close()
  const second = openHub()
  stack.defer(() => close(second))
  await listen(second.server, port)
  ;({ hub } = second)
  const restartedAt = count
  await Promise.all([closed, broken, until(() => count > restartedAt + rate)])
  await until(() => subscribers.every(({ got }) => got.includes('gap')))
  traffic.stop()
  publish()
  await Promise.all(published)
  await until(() => subscribers.every(({ got }) => got.at(-1) === count - 1))

  expect(restartedAt).toBeGreaterThan(rate)
  for (const { proxy, got } of subscribers) {
    expect(breaches(got)).toEqual([])
    // The logs were in the memory of the first hub. Everything else was recovered.
    expect(got.filter((value) => value === 'gap')).toHaveLength(1)
    expect(got[0]).toBe(0)
    expect(proxy.dials).toBeGreaterThan(2)
  }
}

/** What came twice, out of order, or after something that was missed without a gap. */
export function breaches(got: readonly Got[]): string[] {
  const found: string[] = []
  let last = -1
  let isTold = false
  for (const value of got) {
    if (value === 'gap') isTold = true
    else {
      if (isTold ? value <= last : value !== last + 1) found.push(`${value} after ${last}`)
      last = value
      isTold = false
    }
  }
  return found
}

/**
 * Cuts the path again and again. Once it turns into a black hole instead, until the client has noticed; or for a shorter time, after
 * which the client gets late what the server sent before it gave the connection up.
 */
async function breakPath({ client, proxy }: Subscriber, index: number): Promise<void> {
  const startedAt = performance.now()
  const isLong = index % 2 === 0
  await sleep((index * cutInterval) / subscriberCount)
  for (let round = 0; performance.now() - startedAt < duration; round++) {
    if (round === (isLong ? 1 : 2)) {
      await reach(client, 'open')
      const noticed = next(client, 'down')
      proxy.freeze()
      if (!isLong) await sleep(shortHole)
      else await noticed
      proxy.heal()
    } else proxy.cut()
    await sleep(cutInterval)
  }
}

async function subscribe(port: number, stack: AsyncDisposableStack): Promise<Subscriber> {
  const proxy = stack.use(await startProxy(port))
  const client = stack.use(createClient({ url: `${proxy.url}/ws`, wire: session(), backoff: () => 50 }))
  const room = channel(client, 'room:1')
  const subscriber: Subscriber = { client, proxy, room, got: [], recovered: 0 }
  room.on('n', (data) => subscriber.got.push(data as number))
  room.watch('gap', () => subscriber.got.push('gap'))
  room.watch('recovered', ({ count }) => (subscriber.recovered += count))
  await client.connect()
  return subscriber
}

interface Running {
  readonly hub: Hub
  readonly server: Server
}

/** A hub whose logs are in its memory. Its pings find a black hole soon, and leave a busy machine time to answer. */
function openHub(): Running {
  const hub = createHub({ pingInterval: 1_000 })
  hub.channels('room', { subscribe: () => true, history: { maxMessages: 10_000 } })
  const server = createServer()
  hub.attach(server, { path: '/ws' })
  return { hub, server }
}

async function close({ hub, server }: Running): Promise<void> {
  await hub.close()
  await new Promise((resolve) => server.close(resolve))
}
