import { HoldfastError } from '@holdfast/server'

/** Redis does not do what it was asked now. Handlers that let it through answer their clients with the reason `unavailable`. */
export function unavailable(cause: unknown): HoldfastError {
  const message = cause instanceof Error ? cause.message : String(cause)
  return new HoldfastError('remote', `Redis is not available: ${message}`, { reason: 'unavailable', cause })
}

export function late(): HoldfastError {
  return new HoldfastError('timeout', 'Redis did not answer in time')
}

/** Redis cannot be used as it is. */
export function unusable(message: string, cause?: unknown): HoldfastError {
  return new HoldfastError('misuse', message, cause === undefined ? {} : { cause })
}

const needs = `The user of Redis needs the commands ${[
  '+eval +evalsha +time +info +hget +hset +hmget +hgetall +hdel +xadd +xrange +xtrim +zadd +zscore +zrem',
  '+zrangebyscore +zremrangebyscore +sadd +smembers +set +del +exists +pexpire +spublish +ssubscribe +sunsubscribe',
].join(' ')}, and the keys and channels that begin with the prefix`

/** Turns an error of node-redis into what the hub is told. */
export function explain(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error
  const text = String(error)
  if (/NOPERM|NOAUTH|WRONGPASS/.test(text)) return unusable(`${text}. ${needs}`, error)
  return unavailable(error)
}

/** Whether Redis has refused for a reason that another connection may not have: it is a replica, or going to be one. */
export function isMisplaced(error: unknown): boolean {
  return /READONLY|MASTERDOWN|UNBLOCKED/.test(String(error))
}
