import { setTimeout as sleep } from 'node:timers/promises'
import type { Hub } from '@holdfast/server'
import { createClient, session } from 'holdfast'
import type { Client } from 'holdfast'
import { expect, test } from 'vitest'
import { until } from '../session/pair.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { RedisServer } from '../support/redis-server.ts'
import { startNode } from './nodes.ts'
import type { Node } from './nodes.ts'

expectNothingLeft()

/** The numbers that a client got of each hub, in order. */
function listen(client: Client): number[][] {
  const got: number[][] = [[], []]
  client.on('n', (data) => {
    const [hub, n] = data as [number, number]
    got[hub]!.push(n)
  })
  return got
}

/** A hub receives the broadcasts of the others once it has read their log. */
async function readLogs(clients: readonly Client[], hubs: readonly Hub[]): Promise<void> {
  const heard = new Set<string>()
  for (const [index, client] of clients.entries())
    client.on('probe', (hub) => heard.add(`${index} ${hub as number}`))
  while (heard.size < clients.length * hubs.length) {
    for (const [index, hub] of hubs.entries()) hub.broadcast('probe', index)
    await sleep(20)
  }
}

test('broadcasts of two hubs reach a session once and in order that moves all the time, while connections to Redis break', async () => {
  await using server = await RedisServer.start()
  await using one = await startNode(server, { timeout: 2_000 })
  await using two = await startNode(server, { timeout: 2_000 })
  const nodes = [one, two] as const
  let target: Node = one
  const how = { wire: session(), backoff: () => 50 }
  await using mover = createClient({ url: () => target.direct, ...how })
  await using resident = createClient({ url: two.direct, ...how })
  const lost: unknown[] = []
  for (const client of [mover, resident]) client.watch('lost', (loss) => lost.push(loss))
  const all = [mover, resident].map(listen)
  await Promise.all([mover.connect(), resident.connect()])
  await until(() => nodes.every(({ hub }) => hub.peers.size === 1))
  await readLogs(
    [mover, resident],
    nodes.map(({ hub }) => hub),
  )
  const id = [...one.hub.peers.keys()][0]!

  let count = 0
  const timer = setInterval(() => {
    for (const [index, { hub }] of nodes.entries()) hub.broadcast('n', [index, count])
    count++
  }, 5)
  for (let move = 0; move < 6; move++) {
    const from = nodes.find(({ hub }) => hub.peers.has(id))!
    target = from === one ? two : one
    // It moves because its hub wants that, or because it comes to the other one.
    if (move % 2 === 0) from.hub.park(from.hub.peers.get(id)!)
    else void mover.reconnect()
    await until(() => target.hub.peers.has(id))
    if (move === 3) await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
    if (move === 4) await server.command('CLIENT', 'KILL', 'TYPE', 'normal')
    await sleep(200)
  }
  clearInterval(timer)
  const sent = Array.from({ length: count }, (_, n) => n)
  await until(() => all.flat().every((got) => got.length >= count))
  expect(all).toEqual([
    [sent, sent],
    [sent, sent],
  ])
  expect(lost).toEqual([])
})
