// A cluster that changes under traffic: slots that move, and a primary that is killed.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { slotOf } from '../../packages/redis/src/slot.ts'
import { until, upTo } from '../session/pair.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { RedisCluster } from '../support/redis-cluster.ts'
import type { RedisServer } from '../support/redis-server.ts'
import { startNode, visit } from './nodes.ts'
import type { Node, Visitor } from './nodes.ts'
import { expectNothingUnhandled } from './scene.ts'

expectNothingLeft()
expectNothingUnhandled()

const options = { timeout: 1_000 }
const slot = slotOf('holdfast:{c:room:1}')

/** Publishes the numbers in turn, each until it has succeeded. */
async function publishAll({ hub }: Node, numbers: readonly number[]): Promise<void> {
  for (const n of numbers) {
    await hub.channel('room:1').publish('n', n, { id: `n${n}`, wait: 60_000 })
    await sleep(10)
  }
}

/** One after another that does not have the slot. */
function others(cluster: RedisCluster): RedisServer[] {
  return cluster.primaries.filter((server) => server !== cluster.primaryOf(slot))
}

test('a slot moves under traffic, back and forth: each publication arrives once and in order', async () => {
  await using cluster = await RedisCluster.start()
  await using node = await startNode(cluster, options)
  await using quiet = await startNode(cluster, options)
  await using ada = await visit(node.direct)
  await using bob = await visit(quiet.direct)
  const [from, [to]] = [cluster.primaryOf(slot), others(cluster)] as [RedisServer, [RedisServer]]
  const publishing = publishAll(node, upTo(300))
  await cluster.move(slot, from, to)
  await cluster.move(slot, to, from)
  await publishing
  await until(() => [ada, bob].every(({ got }) => got.includes(299)))
  for (const { got } of [ada, bob]) expect(got).toEqual(upTo(300))
})

test('a slot moves while nothing is published: a hub that only listens hears of the next publication', async () => {
  await using cluster = await RedisCluster.start()
  await using node = await startNode(cluster, options)
  await using quiet = await startNode(cluster, options)
  await using bob = await visit(quiet.direct)
  await publishAll(node, [0])
  await cluster.move(slot, cluster.primaryOf(slot), others(cluster)[0]!)
  await publishAll(node, [1])
  await until(() => bob.got.includes(1))
  expect(bob.got).toEqual([0, 1])
})

test('a primary is killed under traffic, and its replica takes over: each publication arrives once, or a gap is told first', async () => {
  await using cluster = await RedisCluster.start({ withReplica: true })
  // A channel of the primary that has a replica.
  const name = upTo(100)
    .map((n) => `room:${n}`)
    .find((room) => cluster.primaryOf(slotOf(`holdfast:{c:${room}}`)) === cluster.primaries[0])!
  await using node = await startNode(cluster, options)
  await using quiet = await startNode(cluster, options)
  await using ada = await visit(node.direct, {}, name)
  await using bob = await visit(quiet.direct, {}, name)
  const publish = async (n: number): Promise<unknown> =>
    node.hub.channel(name).publish('n', n, { id: `n${n}`, wait: 60_000 })
  for (const n of upTo(20)) await publish(n)
  await cluster.primaries[0]!.kill()
  for (let n = 20; n < 60; n++) await publish(n)
  await until(() => [ada, bob].every(({ got }) => got.includes(59)))
  for (const visitor of [ada, bob]) expect(isSound(visitor)).toBe(true)
})

/** Whether the numbers rise by one, except after a gap. */
function isSound({ got }: Visitor): boolean {
  const numbers = got.filter((n) => typeof n === 'number')
  const isGap = (index: number): boolean => String(got[index]).startsWith('gap')
  return (
    new Set(numbers).size === numbers.length &&
    got.every((n, index) => typeof n !== 'number' || n === 0 || isGap(index - 1) || got[index - 1] === n - 1)
  )
}
