import type { Broker } from '@holdfast/server'
import { RedisNode } from './node.ts'
import { resolveOptions } from './options.ts'
import type { RedisOptions } from './options.ts'
import { RedisSessionNode } from './sessions/session-node.ts'

/** Above what the limits of a hub let a session have. */
const sessionBounds = { maxParkedBytes: 16_777_216, maxMailboxMessages: 10_000 }

/**
 * Creates a broker on Redis 7.0 or newer, or Valkey, single or cluster: hubs in several processes that use the same one share their
 * channels and who is present in them.
 *
 * The hubs connect by themselves, and again whenever a connection is lost. While Redis is away, publications fail with the reason
 * `unavailable` or the code `timeout`, and subscribers keep what they have; afterwards they get what they have missed, or are notified of
 * a gap. A Redis that cannot be used, because of its version or the permissions of its user, makes all calls fail with `misuse`.
 *
 * @throws {HoldfastError} `misuse`
 * @example
 * import { redis } from '@holdfast/redis'
 * import { createHub } from '@holdfast/server'
 * import { createClient } from 'redis'
 *
 * const hub = createHub({ broker: redis({ client: createClient({ url: 'redis://127.0.0.1:6379' }) }) })
 */
export function redis(options: RedisOptions): Broker {
  const policy = resolveOptions(options)
  return {
    open: (listener) => new RedisNode(policy, listener),
    openSessions: (listener) => new RedisSessionNode(policy, sessionBounds, listener),
  }
}
