// What hubs do when their Redis is in trouble: a real Redis, stopped, killed, paused, full, read-only and cut off.
import { setTimeout as sleep } from 'node:timers/promises'
import { startFaultProxy } from '@holdfast/testing/proxy'
import { expect, test } from 'vitest'
import { until, upTo } from '../session/pair.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { RedisServer, redisClient } from '../support/redis-server.ts'
import { startNode, visit } from './nodes.ts'
import {
  durable,
  expectNothingUnhandled,
  failure,
  forgetful,
  heals,
  localTrafficGoesOn,
  publish,
  publishAtLast,
  seen,
  setUp,
} from './scene.ts'

expectNothingLeft()

expectNothingUnhandled()

test('Redis hangs for 10 s: publications fail and may be repeated, and nothing is lost or doubled', async () => {
  await using scene = await setUp(forgetful)
  const { server, nodes, visitors } = scene
  server.pause()
  const paused = sleep(10_000)
  expect(['timeout', 'unavailable']).toContain(await failure(nodes[0], 1))
  await localTrafficGoesOn(scene)
  expect(['timeout', 'unavailable']).toContain(await failure(nodes[1], 2))
  await paused
  server.resume()
  for (const n of [1, 2]) await publishAtLast(nodes[0], n)
  await heals(scene, 3)
  for (const visitor of visitors) expect(new Set(seen(visitor))).toEqual(new Set(upTo(4)))
  for (const visitor of visitors) expect(seen(visitor)).toHaveLength(4)
  expect(visitors[0].got).toEqual(visitors[1].got)
})

test('Redis hangs longer than members may be without their hub: when it goes on, nobody leaves', async () => {
  await using scene = await setUp(forgetful)
  const { server, visitors } = scene
  const left: unknown[] = []
  for (const { room } of visitors) room.presence.on('leave', ({ data }) => left.push(data))
  server.pause()
  await sleep(6_000)
  server.resume()
  await heals(scene, 1)
  // Time in which hubs would judge each other.
  await sleep(3_000)
  expect(left).toEqual([])
})

test.each([
  ['with its data, it goes on without a gap', durable, [0, 1]],
  ['without its data, there is a gap before anything newer', forgetful, [0, 'gap undefined', 1]],
])('Redis is killed and started again: %s', async (_, options, expected) => {
  await using scene = await setUp(options)
  const { server, nodes, visitors } = scene
  await server.kill()
  expect(await failure(nodes[0], 9)).toBe('unavailable')
  await localTrafficGoesOn(scene)
  await server.start()
  await heals(scene, 1)
  for (const visitor of visitors) expect(seen(visitor).filter((n) => n !== 9)).toEqual(expected)
})

test('publications that are acknowledged and then lost with Redis are never called recovered', async () => {
  await using scene = await setUp(forgetful)
  const { server, nodes, visitors } = scene
  await visitors[1].client.disconnect()
  await publish(nodes[0], 1, 2, 3)
  await until(() => visitors[0].got.length === 4)
  await server.kill()
  await server.start()
  await visitors[1].client.connect()
  await heals(scene, 5)
  expect(seen(visitors[1])).toEqual([0, 'gap undefined', 5])
  expect(seen(visitors[0])).toEqual([0, 1, 2, 3, 'gap undefined', 5])
})

test('the connection for pub/sub alone is broken, again and again: each publication arrives once', async () => {
  await using scene = await setUp(forgetful)
  const { server, nodes, visitors } = scene
  for (const round of upTo(5)) {
    const first = 1 + round * 20
    await publish(nodes[0], ...upTo(10).map((n) => first + n))
    await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await publish(nodes[1], ...upTo(10).map((n) => first + 10 + n))
  }
  await heals(scene, 101)
  for (const visitor of visitors) expect(seen(visitor)).toEqual(upTo(102))
})

test('all connections are broken: publications are repeated, and each arrives once', async () => {
  await using scene = await setUp(forgetful)
  const { server, nodes, visitors } = scene
  for (const n of upTo(20)) {
    if (n % 5 === 2) void server.command('CLIENT', 'KILL', 'TYPE', 'normal').catch(() => {})
    await publishAtLast(nodes[n % 2]!, 1 + n)
  }
  await heals(scene, 21)
  for (const visitor of visitors) expect(seen(visitor)).toEqual(upTo(22))
})

test('Redis has no memory left: publications fail, members stay, and afterwards all goes on', async () => {
  await using scene = await setUp(forgetful)
  const { server, nodes, visitors } = scene
  const left: unknown[] = []
  for (const { room } of visitors) room.presence.on('leave', ({ data }) => left.push(data))
  await server.command('CONFIG', 'SET', 'maxmemory', '1')
  expect(await failure(nodes[0], 9)).toBe('unavailable')
  await localTrafficGoesOn(scene)
  await sleep(4_000)
  await server.command('CONFIG', 'SET', 'maxmemory', '0')
  await heals(scene, 1)
  for (const visitor of visitors) expect(seen(visitor)).toEqual([0, 1])
  expect(left).toEqual([])
})

test('Redis becomes a replica, and then a primary again: publications fail meanwhile, and none is doubled', async () => {
  await using primary = await RedisServer.start()
  await using scene = await setUp(forgetful)
  const { server, nodes, visitors } = scene
  await publish(nodes[0], 1)
  await primary.command('CONFIG', 'SET', 'repl-diskless-sync-delay', '0')
  // A replica of a server that is empty: what it had is gone.
  await server.command('REPLICAOF', '127.0.0.1', String(primary.port))
  expect(await failure(nodes[0], 9)).toBe('unavailable')
  await localTrafficGoesOn(scene)
  await sleep(2_000)
  await server.command('REPLICAOF', 'NO', 'ONE')
  await heals(scene, 2)
  for (const visitor of visitors) expect(seen(visitor)).toEqual([0, 1, 'gap undefined', 2])
})

test('Redis is slow by 500 ms: everything arrives once and in order', async () => {
  await using server = await RedisServer.start()
  await using slow = await startFaultProxy({ target: server.port })
  slow.rule('both: delay 250ms')
  await using node = await startNode({ client: redisClient(slow.port) })
  await using other = await startNode(server)
  await using ada = await visit(node.direct)
  await using bob = await visit(other.direct)
  await Promise.all(upTo(100).map((n) => publish(n % 2 ? node : other, n)))
  await until(() => ada.got.length === 100 && bob.got.length === 100)
  expect(ada.got).toEqual(bob.got)
  expect([...ada.got].sort((a, b) => Number(a) - Number(b))).toEqual(upTo(100))
})

test('a path to Redis that takes nothing and gives nothing any more is given up, and another one found', async () => {
  await using server = await RedisServer.start()
  await using proxy = await startFaultProxy({ target: server.port })
  const client = redisClient(proxy.port)
  await using node = await startNode({ client }, { timeout: 1_000 })
  await using other = await startNode(server)
  await using ada = await visit(node.direct)
  proxy.blackHole()
  const frozen = failure(node, 0)
  await publish(other, 1)
  expect(['timeout', 'unavailable']).toContain(await frozen)
  proxy.heal()
  await publishAtLast(node, 2)
  await until(() => ada.got.includes(2))
  expect(ada.got.filter((n) => n !== 0)).toEqual([1, 2])
})
