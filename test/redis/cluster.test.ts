// The conformance suite of brokers over a cluster of three primaries.
import { setTimeout as sleep } from 'node:timers/promises'
import { redis } from '@holdfast/redis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { brokerSuite } from '../conformance/broker-suite.ts'
import { until, upTo } from '../session/pair.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { RedisCluster } from '../support/redis-cluster.ts'

expectNothingLeft('all')

let cluster: RedisCluster
let count = 0

beforeAll(async () => {
  cluster = await RedisCluster.start()
})
afterAll(() => cluster[Symbol.asyncDispose]())

function createBroker(): ReturnType<typeof redis> {
  return redis({ client: cluster.client, prefix: `p${++count}` })
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
