// What it costs to know: how many sends of 100 bytes that are awaited a client gets through, with 1, 8, 100 and 1,000
// under way at any time, beside three ways of not asking the session: as many ping-pongs on a bare `ws`, each a message and
// its echo; the same number in one message on a bare `ws`, with one short answer for all, which is the least that any
// acknowledgement costs; and volatile sends, as many in each turn, which nothing acknowledges.
//
// Volatile sends wait for nothing, so the client sends while the server receives. Where a few are under way that are awaited,
// one end waits for the other, as the second way shows.
//
// Each sample is a fresh client, and lasts for a fixed time from its first send to the moment when the server has handled
// the last; the servers have a process of their own, over a loopback. Volatile sends wait while the socket has more than
// 64 KiB to send, because one that cannot go at once is dropped.
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createClient, session } from 'holdfast'
import { WebSocket } from 'ws'
import { launch, roleOf, tell } from './child.ts'
import { compare } from './compare.ts'
import { median, print, quantile } from './figures.ts'
import { event, message } from './flood-server.ts'

const rounds = 7
const warmup = 400
const measured = 1_000
const outstanding = [1, 8, 100, 1_000]
const behind = 65_536

const ways = ['ping-pong', 'pack', 'volatile', 'awaited'] as const
type Way = (typeof ways)[number]

/** Sends for so many milliseconds, with so many in flight, and returns how many. */
type Send = (time: number, count: number) => Promise<number>

const role = roleOf()
if (role) await play(role[0] as Way, Number(role[1]), role[2]!)
else await main()

async function main(): Promise<void> {
  await using server = await launch<number>(join(import.meta.dirname, 'hub-server.ts'))
  const rows: string[][] = []
  for (const count of outstanding) {
    const samples = await compare(
      import.meta.filename,
      ways,
      rounds,
      String(count),
      `ws://127.0.0.1:${server.first}`,
    )
    const against = (base: Way): string => {
      const each = samples.awaited.map((rate, round) => rate / samples[base][round]!)
      const quartiles = [0.25, 0.75].map((share) => quantile(each, share).toFixed(2))
      return `${median(each).toFixed(2)} (${quartiles.join(' to ')})`
    }
    rows.push([
      String(count),
      ...ways.map((way) => Math.round(median(samples[way])).toLocaleString('en')),
      against('ping-pong'),
      against('pack'),
      against('volatile'),
    ])
  }
  print(
    `Messages per second, medians of ${rounds} rounds of ${measured} ms, and the ratios in the rounds with quartiles`,
    ['under way', ...ways, 'awaited against ping-pong', 'against a pack', 'against volatile'],
    rows,
  )
}

async function play(way: Way, count: number, url: string): Promise<void> {
  const send =
    way === 'ping-pong' ? await pingPong(url) : way === 'pack' ? await packs(url) : await holdfast(way, url)
  await send(warmup, count)
  const start = performance.now()
  const sent = await send(measured, count)
  tell((sent * 1_000) / (performance.now() - start))
}

async function pingPong(url: string): Promise<Send> {
  const socket = new WebSocket(`${url}/raw`)
  await new Promise((resolve) => (socket.onopen = resolve))
  return (time, count) =>
    new Promise((resolve) => {
      const end = performance.now() + time
      let sent = 0
      let waiting = 0
      const next = (): void => {
        sent++
        waiting++
        socket.send(JSON.stringify({ ...event, type: 'echo' }))
      }
      socket.onmessage = ({ data }) => {
        JSON.parse(data as string)
        waiting--
        if (performance.now() < end) next()
        else if (waiting === 0) resolve(sent)
      }
      for (let index = 0; index < count; index++) next()
    })
}

/** The least that any protocol can do: one message for all, one short answer, and no more until it has come. */
async function packs(url: string): Promise<Send> {
  const socket = new WebSocket(`${url}/raw`)
  await new Promise((resolve) => (socket.onopen = resolve))
  return async (time, count) => {
    const end = performance.now() + time
    let sent = 0
    for (; performance.now() < end; sent += count) {
      const texts: string[] = []
      for (let index = 0; index < count; index++) texts.push(JSON.stringify(event))
      const answered = new Promise((resolve) => (socket.onmessage = resolve))
      socket.send(`[${texts.join(',')}]`)
      await answered
    }
    return sent
  }
}

async function holdfast(way: 'awaited' | 'volatile', url: string): Promise<Send> {
  const client = createClient({ url: `${url}/ws`, WebSocket, wire: session() })
  await client.connect()
  if (way === 'awaited')
    return async (time, count) => {
      const end = performance.now() + time
      let sent = 0
      const worker = async (): Promise<void> => {
        while (performance.now() < end) {
          sent++
          const { status } = await client.send('chat', message)
          if (status !== 'delivered') throw new Error(`a message was ${status}`)
        }
      }
      await Promise.all(Array.from({ length: count }, worker))
      return sent
    }
  return async (time, count) => {
    const end = performance.now() + time
    let sent = 0
    for (; performance.now() < end; sent += count) {
      for (let index = 0; index < count; index++) client.send('chat', message, { volatile: true })
      do await nextTurn()
      while (client.stats().bufferedBytes > behind)
    }
    // Comes after all of them.
    await client.request('echo')
    return sent
  }
}
