// `npm start -- --nodes 3`: several hubs behind one port, of which some are killed, and some drained.
import { channel, createClient, session } from 'holdfast'
import { expect, test } from 'vitest'
import { startNodes } from '../../playground/server/nodes/start.ts'
import { until, upTo } from '../session/pair.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { RedisServer } from '../support/redis-server.ts'

expectNothingLeft()

test('a client of several nodes goes on when its node is killed: its session is lost, and its channel recovers', async () => {
  await using redis = await RedisServer.start()
  const url = `redis://127.0.0.1:${redis.port}`
  const playground = await startNodes({ port: 0, host: '127.0.0.1', count: 3, redis: url })
  const address = `127.0.0.1:${playground.port}`
  const client = createClient({ url: `ws://${address}/ws`, wire: session(), backoff: () => 20 })
  const room = channel(client, 'room:demo')
  const got: unknown[] = []
  const nodes: string[] = []
  let gaps = 0
  room.on('tick', (data) => got.push((data as number[])[1]))
  room.watch('gap', () => gaps++)
  client.on('node', (name) => nodes.push(String(name)))
  await client.connect()
  // Its node is the next one.
  const other = createClient({ url: `ws://${address}/ws`, wire: session(), backoff: () => 20 })
  const elsewhere = channel(other, 'room:demo')
  await other.connect()
  for (const round of upTo(2)) {
    await until(() => nodes.length === round + 1)
    const kill = `http://${address}/nodes/kill?name=${encodeURIComponent(nodes[round]!)}`
    await room.publish('tick', [0, round * 2], { id: `${round * 2}` })
    await fetch(kill, { method: 'POST' })
    await until(() => client.state.status !== 'open')
    if (round === 0) await elsewhere.publish('tick', [0, 'missed'], { id: 'missed' })
    // Of the next node.
    await until(() => nodes.length === round + 2)
    await room.publish('tick', [0, round * 2 + 1], { id: `${round * 2 + 1}` })
  }
  await until(() => got.length === 5)
  expect([got, gaps, new Set(nodes).size]).toEqual([[0, 'missed', 1, 2, 3], 0, 3])
  expect(await (await fetch(`http://${address}/nodes`)).json()).toEqual([nodes[2]])
  expect(await (await fetch(`http://${address}/`)).text()).toContain('several nodes')
  await Promise.all([client.dispose(), other.dispose()])
  await playground.close()
})

test('a client of several nodes keeps its session when its node is drained', async () => {
  await using redis = await RedisServer.start()
  const url = `redis://127.0.0.1:${redis.port}`
  const playground = await startNodes({ port: 0, host: '127.0.0.1', count: 3, redis: url })
  const address = `127.0.0.1:${playground.port}`
  const client = createClient({ url: `ws://${address}/ws`, wire: session() })
  const nodes: string[] = []
  const losses: unknown[] = []
  client.on('node', (name) => nodes.push(String(name)))
  client.watch('lost', ({ why }) => losses.push(why))
  await client.connect()
  for (const round of upTo(2)) {
    await until(() => nodes.length === round + 1)
    const drain = `http://${address}/nodes/drain?name=${encodeURIComponent(nodes[round]!)}`
    await fetch(drain, { method: 'POST' })
  }
  await until(() => nodes.length === 3)
  expect([losses, new Set(nodes).size]).toEqual([[], 3])
  await client.dispose()
  await playground.close()
})
