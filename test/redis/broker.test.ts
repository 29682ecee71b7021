// The conformance suite of brokers over a real Redis.
import { setTimeout as sleep } from 'node:timers/promises'
import { redis } from '@holdfast/redis'
import { afterAll, beforeAll } from 'vitest'
import { brokerSuite } from '../conformance/broker-suite.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { RedisServer } from '../support/redis-server.ts'

expectNothingLeft('all')

let server: RedisServer
let count = 0
beforeAll(async () => {
  server = await RedisServer.start()
})
afterAll(() => server[Symbol.asyncDispose]())

brokerSuite('redis() on a single server', async () => ({
  broker: redis({ client: server.client, prefix: `p${++count}` }),
  pass: (milliseconds) => sleep(milliseconds),
  async [Symbol.asyncDispose]() {},
}))
