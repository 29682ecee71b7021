import { setTimeout as sleep } from 'node:timers/promises'
import { channel, createClient, session } from 'holdfast'
import { expect, test } from 'vitest'
import { until, upTo } from '../session/pair.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { RedisServer } from '../support/redis-server.ts'
import { membersOf, startNode, visit } from './nodes.ts'

expectNothingLeft()

test('50 subscribers of three hubs, publishers everywhere, and broken paths: each publication once and in order, or a gap first', async () => {
  await using server = await RedisServer.start()
  await using one = await startNode(server)
  await using two = await startNode(server)
  await using three = await startNode(server)
  const nodes = [one, two, three]
  const subscribers = upTo(50).map((n) => {
    // Every dial may lead to another hub.
    let dials = n
    const url = (): string => `${nodes[dials++ % 3]!.proxy.url}/ws`
    const client = createClient({ url, wire: session(), backoff: () => 20 })
    const room = channel(client, 'room:1')
    const got: unknown[] = []
    const gaps: (number | undefined)[] = []
    room.on('n', (data) => got.push(data))
    room.watch('gap', ({ missed }) => gaps.push(missed))
    return { client, room, got, gaps }
  })
  await Promise.all(subscribers.map(({ client }) => client.connect()))
  await until(() => subscribers.every(({ room }) => room.state.status === 'joined'))

  const published = new Map<number, number>()
  for (const n of upTo(600)) {
    const { hub } = nodes[n % 3]!
    const publishing = hub.channel('room:1').publish('n', n, { id: `n${n}`, wait: 60_000 })
    void publishing.then(({ offset }) => published.set(offset, n))
    if (n % 100 === 50) nodes[(n / 50) % 3]!.proxy.cut()
    if (n === 300) void server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
    if (n % 10 === 0) await sleep(20)
  }
  await until(() => published.size === 600)
  const inOrder = upTo(600).map((index) => published.get(index + 1))
  await until(() => subscribers.every(({ got }) => got.length >= 600))
  for (const { got, gaps } of subscribers) {
    expect(gaps).toEqual([])
    expect(got).toEqual(inOrder)
  }
  await Promise.all(subscribers.map(({ client }) => client.dispose()))
})

test('100 members of two hubs who change all the time, and of whom some leave: all clients and hubs agree in the end', async () => {
  await using server = await RedisServer.start()
  await using one = await startNode(server)
  await using two = await startNode(server)
  const nodes = [one, two]
  const visitors = await Promise.all(upTo(100).map((n) => visit(nodes[n % 2]!.direct)))
  for (const round of upTo(20)) {
    for (const [n, { room }] of visitors.entries()) room.presence.set(`${n} ${round}`)
    if (round === 10) await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await sleep(20)
  }
  const [gone, staying] = [visitors.slice(0, 10), visitors.slice(10)]
  await Promise.all(gone.map(({ client }) => client.dispose()))
  const expected = staying.map((_, index) => `${index + 10} 19`).sort()
  await until(() => staying.every((visitor) => membersOf(visitor).join() === expected.join()))
  for (const { hub } of nodes) {
    const members = await hub.channel('room:1').presence()
    expect(members.map(({ data }) => String(data)).sort()).toEqual(expected)
  }
  await Promise.all(staying.map(({ client }) => client.dispose()))
})
