// Stores of sessions on a real Redis, for the suite and for tests of trouble.
import type { SessionStoreListener, SessionStoreNode } from '@holdfast/server'
import type { RedisClientLike, RedisOptions } from '@holdfast/redis'
import { resolveOptions } from '../../packages/redis/src/options.ts'
import { RedisSessionNode } from '../../packages/redis/src/sessions/session-node.ts'
import type { StoreUnderTest } from '../../packages/server/test/moves/session-store-suite.ts'
import type { RedisServer } from '../support/redis-server.ts'

export const sessionBounds = { maxParkedBytes: 100_000, maxMailboxMessages: 10 }
/** How long Redis keeps what no hub uses. */
const lifetime = 86_400_000

/** A node of the store, by the sources: what a hub does not see is asked for as well. */
export function openNode(
  client: RedisClientLike,
  options: Partial<RedisOptions>,
  listener: SessionStoreListener,
): RedisSessionNode {
  return new RedisSessionNode(resolveOptions({ client, lifetime, ...options }), sessionBounds, listener)
}

// All that is kept of sessions gets older, by the times that Redis expires and by those in the records.
const age = `
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
  local left = redis.call('PTTL', key) - ARGV[2]
  if left <= 0 then redis.call('DEL', key) else
    redis.call('PEXPIRE', key, left)
    for _, field in ipairs({ 'w', 'x' }) do
      if redis.call('HEXISTS', key, field) == 1 then redis.call('HINCRBY', key, field, -ARGV[2]) end
    end
  end
end`

/** A store for the suite. The servers are the primaries; each store has a prefix of its own. */
export function createStore(
  client: RedisClientLike,
  servers: readonly RedisServer[],
  prefix: string,
): StoreUnderTest {
  const nodes: RedisSessionNode[] = []
  const open = (listener: SessionStoreListener): SessionStoreNode => {
    const node = openNode(client, { prefix }, listener)
    nodes.push(node)
    return node
  }
  const pass = async (milliseconds: number): Promise<void> => {
    for (const server of servers)
      await server.command('EVAL', age, '0', `${prefix}:{s:*`, String(milliseconds))
  }
  return {
    store: { open },
    tombstoneTimeout: lifetime,
    maxMailboxMessages: sessionBounds.maxMailboxMessages,
    missing: { status: 'missing', beginTimeout: 10_000, hasForgotten: false },
    async pass(milliseconds) {
      for (let left = milliseconds; left > 0; left -= lifetime / 4) {
        await pass(Math.min(left, lifetime / 4))
        await Promise.allSettled(nodes.map((node) => node.refresh()))
      }
    },
    async settle() {
      // What a node is about to send is sent before its own probe.
      for (let round = 0; round < 2; round++) await Promise.allSettled(nodes.map((node) => node.heardAll()))
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(nodes.map((node) => node.close()))
    },
  }
}
