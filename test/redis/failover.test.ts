// A Redis that fails over to a replica, which lacks what the primary has written last.
import { expect, test } from 'vitest'
import { until } from '../session/pair.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { Replicated, follows } from '../support/replicated-redis.ts'
import { startNode, visit } from './nodes.ts'
import {
  expectNothingUnhandled,
  failure,
  heals,
  localTrafficGoesOn,
  publish,
  publishAtLast,
} from './scene.ts'
import { seen, setUpOn } from './scene.ts'

expectNothingLeft()
expectNothingUnhandled()

test('the primary is killed, and the replica lacks the last publications: who had them hears of a gap, the others recover', async () => {
  await using servers = await Replicated.start()
  await using scene = await setUpOn(servers.addresses)
  const { nodes, visitors } = scene
  await using early = await visit(nodes[0].direct)
  await early.client.disconnect()
  await publish(nodes[0], 1)
  await servers.lag()
  await using late = await visit(nodes[1].direct)
  await publish(nodes[0], 2, 3)
  await until(() => late.got.length === 2 && visitors.every(({ got }) => got.length === 4))
  await late.client.disconnect()

  await servers.primary.kill()
  expect(await failure(nodes[0], 4)).toBe('unavailable')
  await localTrafficGoesOn(scene)
  await servers.promote()
  for (const address of servers.addresses) address.target = servers.replica.port
  // Beyond the offsets of what is lost.
  for (const n of [4, 5, 6, 7]) await publishAtLast(nodes[n % 2]!, n)
  await Promise.all([early.client.connect(), late.client.connect()])
  await heals(scene, 8)
  await until(() => [early, late].every(({ got }) => got.includes(8)))

  for (const visitor of visitors) {
    const [zero, one, two, three, gap, ...rest] = seen(visitor)
    expect([zero, one, two, three, gap]).toEqual([0, 1, 2, 3, 'gap undefined'])
    expect(rest).toEqual([4, 5, 6, 7, 8].slice(-rest.length))
  }
  // A hub that has not noticed the failover yet brings what the new primary lacks, and then the gap.
  const isEarly = seen(early)[1] === 2
  expect(seen(early)).toEqual(
    isEarly
      ? [1, 2, 3, 'recovered 3', 'gap undefined', ...[4, 5, 6, 7, 8].slice(5 - seen(early).length)]
      : [1, 4, 5, 6, 7, expect.stringMatching(/^recovered/), 8],
  )
  expect(seen(late)).toEqual([2, 3, 'gap undefined', 8])
})

test('a hub goes on with the former primary for a while: what it has published there is a gap, and the other hub never hears of it', async () => {
  await using servers = await Replicated.start()
  await using scene = await setUpOn(servers.addresses)
  const { nodes, visitors } = scene
  const { primary, replica, addresses } = servers
  await servers.lag()
  await servers.promote()
  addresses[1].target = replica.port
  addresses[1].cut()
  await publishAtLast(nodes[1], 10)
  await publish(nodes[0], 1, 2)
  await until(() => visitors[0].got.includes(2) && visitors[1].got.includes(10))
  // As a Sentinel does.
  addresses[0].target = replica.port
  await primary.command('REPLICAOF', '127.0.0.1', String(replica.port))
  for (const type of ['normal', 'pubsub']) await primary.command('CLIENT', 'KILL', 'TYPE', type)
  await publishAtLast(nodes[0], 11)
  await heals(scene, 12)
  const [first, second] = visitors.map(seen)
  expect(first!.slice(0, 4)).toEqual([0, 1, 2, 'gap undefined'])
  expect(first!.slice(4)).toEqual([10, 11, 12].slice(4 - first!.length))
  expect(second).toEqual([0, 10, 11, 12])
})

test('a former primary follows the new one, whose publications it brings by the old connection: a gap comes first', async () => {
  await using servers = await Replicated.start()
  // So rarely does a hub try the connection for pub/sub by itself.
  await using scene = await setUpOn(servers.addresses, { timeout: 20_000 })
  await using other = await startNode(servers.replica)
  const { nodes, visitors } = scene
  const { primary, replica } = servers
  await servers.lag()
  await publish(nodes[0], 1, 2)
  await until(() => visitors.every(({ got }) => got.length === 3))
  await servers.promote()
  for (const address of servers.addresses) address.target = replica.port
  // They have the offsets of what is lost, and the hubs do not get them.
  for (const n of [3, 4]) await publishAtLast(other, n)
  await primary.command('REPLICAOF', '127.0.0.1', String(replica.port))
  await follows(primary)
  await publishAtLast(other, 5)
  await until(() => visitors.every(({ got }) => got.length > 3))
  await publishAtLast(other, 6)
  await until(() => visitors.every(({ got }) => got.includes(6)))
  for (const { got } of visitors) {
    const [zero, one, two, gap, ...rest] = got
    expect([zero, one, two, gap]).toEqual([0, 1, 2, 'gap undefined'])
    expect(rest).toEqual([3, 4, 5, 6].slice(-rest.length))
  }
})
