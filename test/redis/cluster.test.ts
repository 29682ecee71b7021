// The conformance suite of brokers over a cluster of three primaries.
import { setTimeout as sleep } from 'node:timers/promises'
import { redis } from '@holdfast/redis'
import { createCluster } from 'redis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { brokerSuite } from '../conformance/broker-suite.ts'
import { until, upTo } from '../session/pair.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { freePort } from '../support/port.ts'
import { RedisServer } from '../support/redis-server.ts'

expectNothingLeft('all')

const servers: RedisServer[] = []
const buses: string[] = []
let count = 0

beforeAll(async () => {
  for (const index of upTo(3)) {
    // By default the port of the bus is the other one plus 10,000, which another process may have.
    const bus = await freePort()
    const server = await RedisServer.start(
      `--cluster-enabled yes --cluster-node-timeout 2000 --cluster-port ${bus}`,
    )
    servers.push(server)
    buses.push(String(bus))
    const range = [index * 5_462, Math.min(16_383, index * 5_462 + 5_461)].map(String)
    await server.command('CLUSTER', 'ADDSLOTSRANGE', ...range)
    await server.command('CLUSTER', 'MEET', '127.0.0.1', String(servers[0]!.port), buses[0]!)
  }
  for (const server of servers) {
    while (!String(await server.command('CLUSTER', 'INFO')).includes('cluster_known_nodes:3')) await sleep(50)
    while (!String(await server.command('CLUSTER', 'INFO')).includes('cluster_state:ok')) await sleep(50)
  }
})
afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]()
})

function createBroker(): ReturnType<typeof redis> {
  const rootNodes = servers.map(({ port }) => ({ socket: { host: '127.0.0.1', port } }))
  return redis({ client: createCluster({ rootNodes }), prefix: `p${++count}` })
}

brokerSuite('redis() on a cluster', async () => ({
  broker: createBroker(),
  pass: (milliseconds) => sleep(milliseconds),
  async [Symbol.asyncDispose]() {},
}))

test('channels of all primaries are brought by one node', async () => {
  const got: string[] = []
  const node = createBroker().open({
    published: (channel) => void got.push(channel),
    memberChanged() {},
    reset() {},
  })
  const bounds = { maxMessages: 10, maxBytes: 10_000, maxAge: 100_000 }
  const names = upTo(30).map((n) => `room:${n}`)
  await Promise.all(names.map((name) => node.subscribe(name)))
  await Promise.all(names.map((name) => node.append(name, { id: 'a', text: 'a' }, bounds)))
  await until(() => got.length === 30)
  expect(new Set(got)).toEqual(new Set(names))
  await node.close()
})
