import type { RedisClientLike } from './client-like.ts'
import { unusable } from './errors.ts'
import { Keys } from './keys.ts'

/** The options of `redis()`. */
export interface RedisOptions {
  /**
   * A client of node-redis, of `createClient` or `createCluster`. It need not be connected: each hub makes two connections of its own
   * like it, in a cluster more.
   */
  readonly client: RedisClientLike
  /**
   * Begins the names of all keys and pub/sub channels. Hubs with the same prefix share their channels.
   *
   * @default 'holdfast'
   */
  readonly prefix?: string
  /**
   * How long Redis may take to answer, in milliseconds. Afterwards a call fails, and the connection is renewed.
   *
   * @default 4_000
   */
  readonly timeout?: number
  /**
   * How long members of channels stay at most after the process of their hub has died, in milliseconds.
   *
   * @default 10_000
   */
  readonly memberTimeout?: number
  /**
   * How long Redis keeps what no hub uses, in milliseconds: the positions of channels, beyond the age of their history. A subscriber that
   * comes back later is notified of a gap.
   *
   * @default 86_400_000
   */
  readonly lifetime?: number
}

/** The resolved options. */
export interface RedisPolicy {
  readonly client: RedisClientLike
  readonly keys: Keys
  readonly timeout: number
  readonly memberTimeout: number
  readonly lifetime: number
  /** How often pub/sub is tried, in milliseconds. */
  readonly probeInterval: number
}

const known = new Set(['client', 'prefix', 'timeout', 'memberTimeout', 'lifetime'])

/** @throws {HoldfastError} `misuse` */
export function resolveOptions(options: RedisOptions): RedisPolicy {
  const {
    client,
    prefix = 'holdfast',
    timeout = 4_000,
    memberTimeout = 10_000,
    lifetime = 86_400_000,
  } = options
  for (const name of Object.keys(options))
    if (!known.has(name)) throw unusable(`'${name}' is not one of ${[...known].join()}`)
  if (typeof (client as Partial<RedisClientLike> | undefined)?.duplicate !== 'function')
    throw unusable('write redis({ client: createClient({ url }) })')
  if (typeof prefix !== 'string' || prefix === '' || /[{}]/.test(prefix))
    throw unusable('prefix must be text without { and }')
  for (const [name, value] of Object.entries({ timeout, memberTimeout, lifetime }))
    if (!(value > 0 && value <= 2_147_483_647))
      throw unusable(`${name} must be a number of milliseconds above 0`)
  return { client, keys: new Keys(prefix), timeout, memberTimeout, lifetime, probeInterval: timeout / 2 }
}
