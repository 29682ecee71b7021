// Written by `node test/package/api.ts --accept`.
import { Broker } from '@holdfast/server'
interface RedisClientLike {
  duplicate(overrides?: object): unknown
}
interface RedisOptions {
  readonly client: RedisClientLike
  readonly prefix?: string
  readonly timeout?: number
  readonly memberTimeout?: number
  readonly lifetime?: number
}
declare function redis(options: RedisOptions): Broker
export { redis }
export type { RedisClientLike, RedisOptions }
