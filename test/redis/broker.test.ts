// The conformance suite of brokers over a real Redis.
import { setTimeout as sleep } from 'node:timers/promises'
import { redis } from '@holdfast/redis'
import { afterAll, beforeAll, expect, test } from 'vitest'
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

/** A node with a prefix of its own, and the keys of its channel `room`. */
function openOne(lifetime = 86_400_000) {
  const prefix = `p${++count}`
  const node = redis({ client: server.client, prefix, lifetime }).open({
    published() {},
    memberChanged() {},
    reset() {},
  })
  const bounds = { maxMessages: 100, maxBytes: 100_000, maxAge: lifetime }
  const append = (id: string) => node.append('room', { id, text: id }, bounds)
  return { node, append, base: `${prefix}:{c:room}` }
}

test('a log that Redis was made to delete is not read as one with holes', async () => {
  const { node, append, base } = openOne()
  for (const id of ['a', 'b', 'c']) await append(id)
  await server.command('DEL', `${base}:l`)
  await append('d')
  const { before, entries } = await node.read('room', { after: 0 })
  expect([before.offset, entries.map(({ id }) => id)]).toEqual([3, ['d']])
  await node.close()
})

test('a publication keeps what would expire soon, and leaves alone what does not', async () => {
  const lifetime = 3_600_000
  const { node, append, base } = openOne(lifetime)
  const keys = [base, `${base}:i`, `${base}:l`]
  const left = () => Promise.all(keys.map(async (key) => Number(await server.command('PTTL', key))))
  await append('a')
  for (const each of await left()) expect(each).toBeGreaterThan(lifetime)
  for (const key of keys) await server.command('PEXPIREAT', key, '9999999999999')
  const forever = (await left())[0]!
  await append('b')
  for (const each of await left()) expect(each).toBeGreaterThan(forever / 2)
  // As time would do.
  await server.command('HSET', base, 'p', '1', 'l', '1')
  for (const key of keys) await server.command('PEXPIRE', key, '60000')
  await append('c')
  for (const each of await left()) expect(each).toBeGreaterThan(lifetime)
  await node.close()
})
