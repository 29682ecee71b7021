// What is said at the start about a Redis that cannot be used as it is.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { redis } from '@holdfast/redis'
import type { Broker } from '@holdfast/server'
import { expect, test } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import { RedisServer, redisClient } from '../support/redis-server.ts'

expectNothingLeft()

const listener = { published() {}, memberChanged() {}, reset() {} }

/** What the first call of a hub is told. */
async function firstWord(broker: Broker): Promise<string> {
  const node = broker.open(listener)
  try {
    await node.read('room', { last: 0 })
    return 'nothing'
  } catch (error) {
    return (error as Error).message
  } finally {
    await node.close().catch(() => {})
  }
}

test('an eviction policy that deletes records is warned of once', async () => {
  await using server = await RedisServer.start('--maxmemory 100mb --maxmemory-policy allkeys-lru')
  const warnings: Error[] = []
  const note = (warning: Error): void => void warnings.push(warning)
  process.on('warning', note)
  expect(await firstWord(redis({ client: server.client }))).toBe('nothing')
  await new Promise(setImmediate)
  process.off('warning', note)
  expect(warnings.map(({ message }) => message)).toEqual([expect.stringContaining('allkeys-lru')])
})

test.each([
  ['command', '-xadd', 'xadd'],
  ['command', '-info', 'info'],
  ['key', 'resetkeys ~other:*', 'NOPERM'],
  ['channel', 'resetchannels', 'spublish'],
])('a user without the permission for a %s (%s) is named', async (_, rule, word) => {
  await using server = await RedisServer.start()
  const rules = `on >secret ~* &* +@all ${rule}`.split(' ')
  await server.command('ACL', 'SETUSER', 'worker', ...rules)
  const client = redisClient(server.port, { username: 'worker', password: 'secret' })
  const said = await firstWord(redis({ client }))
  expect(said).toContain('grant the user the permissions')
  expect(said).toContain(word)
})

test('a user with the permissions of the README is enough', async () => {
  await using server = await RedisServer.start()
  const commands =
    'eval evalsha time info del exists hset hget hmget hgetall hdel xadd xrange xtrim zadd zscore zrem zrangebyscore ' +
    'zremrangebyscore sadd smembers srem set pexpire spublish ssubscribe sunsubscribe'
  const rules = [
    'on',
    '>secret',
    '~holdfast:*',
    '&holdfast:*',
    ...commands.split(' ').map((name) => `+${name}`),
  ]
  await server.command('ACL', 'SETUSER', 'worker', ...rules)
  const client = redisClient(server.port, { username: 'worker', password: 'secret' })
  const node = redis({ client }).open(listener)
  await node.subscribe('room')
  await node.append('room', { id: 'a', text: 'a' }, { maxMessages: 1, maxBytes: 100, maxAge: 1_000 })
  await node.setMember('room', { key: 's', identity: null, data: undefined })
  await node.removeMember('room', 's')
  expect((await node.read('room', { after: 0 })).entries).toHaveLength(1)
  await node.close()
})

test('a wrong password is named', async () => {
  await using server = await RedisServer.start()
  const client = redisClient(server.port, { username: 'nobody', password: 'wrong' })
  expect(await firstWord(redis({ client }))).toContain('WRONGPASS')
})

test('an old Redis is named', async () => {
  // The answers of Redis 6.2 to what the broker asks first.
  const info = '# Server\r\nredis_version:6.2.14\r\n'
  const old = createServer((socket) => {
    socket.on('data', (data) => {
      for (const command of data.toString().match(/\b(HELLO|CLIENT|EVALSHA)\b/g) ?? []) {
        if (command === 'EVALSHA') socket.write(`*3\r\n$${info.length}\r\n${info}\r\n$0\r\n\r\n*0\r\n`)
        else socket.write(command === 'HELLO' ? '%1\r\n+proto\r\n:3\r\n' : '+OK\r\n')
      }
    })
    socket.on('error', () => {})
  })
  old.listen(0, '127.0.0.1')
  await once(old, 'listening')
  const { port } = old.address() as { readonly port: number }
  expect(await firstWord(redis({ client: redisClient(port) }))).toContain('this is Redis 6.2.14')
  await new Promise((resolve) => old.close(resolve))
})

test.each([
  [{}, 'write redis({ client: createClient({ url }) })'],
  [{ prefix: '{x}' }, 'without { and }'],
  [{ timeout: 0 }, 'timeout must be'],
  [{ memberTimout: 1 }, "'memberTimout' is not one of client,prefix"],
])('wrong options are refused: %j', (options, message) => {
  const client =
    'prefix' in options || 'timeout' in options || 'memberTimout' in options ? redisClient(1) : undefined
  const create = (): unknown => redis({ client, ...options } as never)
  expect(create).toThrow(message)
  expect(create).toThrow(/\nhttps:\/\/.*\/errors\/misuse\.md$/)
})
