export { redis } from './redis.ts'
export type { RedisOptions } from './options.ts'
export type { RedisClientLike } from './client-like.ts'
