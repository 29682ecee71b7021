import { checkTime, given, namesOf } from '@holdfast/protocol'
import type { Policy } from '../connection/states.ts'
import { closeTimeout } from '../connection/times.ts'
import type { ReconnectingWebSocketOptions } from './types.ts'

type Numbers = Required<
  Pick<
    ReconnectingWebSocketOptions,
    | 'minReconnectionDelay'
    | 'maxReconnectionDelay'
    | 'reconnectionDelayGrowFactor'
    | 'jitter'
    | 'minUptime'
    | 'connectionTimeout'
    | 'maxRetries'
    | 'maxEnqueuedMessages'
    | 'maxEnqueuedBytes'
  >
>

const defaults: Numbers = {
  minReconnectionDelay: 500,
  maxReconnectionDelay: 30_000,
  reconnectionDelayGrowFactor: 2,
  jitter: 1,
  minUptime: 5_000,
  connectionTimeout: 10_000,
  maxRetries: Infinity,
  maxEnqueuedMessages: Infinity,
  maxEnqueuedBytes: Infinity,
}
const others =
  'startClosed, shouldReconnectOnClose, closeImmediately, heartbeat, WebSocket, debug, debugLogger, ports'

/** The uptime after which a lost connection is redialed as if nothing had failed before. */
const patience = 1_000
/** The shortest time between two dials of `reconnect()`. */
const shortestPause = 100

/** The options, of which the numbers have values. */
export type ResolvedOptions = Numbers &
  ReconnectingWebSocketOptions & {
    /** Whether the socket is to behave as a native one: neither a queue nor retries are wanted. */
    readonly isPlain: boolean
  }

/** @throws {HoldfastError} `misuse` */
export function resolveOptions(options: ReconnectingWebSocketOptions | undefined): ResolvedOptions {
  const chosen = given(options, `${namesOf(defaults)}, ${others}`)
  const isPlain = chosen.maxRetries === 0 && chosen.maxEnqueuedMessages === 0
  // A dial of a native socket takes as long as the browser allows.
  const resolved = { ...defaults, ...(isPlain && { connectionTimeout: Infinity }), ...chosen, isPlain }
  for (const name of Object.keys(defaults) as (keyof Numbers)[]) checkTime(name, resolved[name])
  return resolved
}

/** The policy of the connection. */
export function policyOf({
  minReconnectionDelay,
  maxReconnectionDelay,
  reconnectionDelayGrowFactor,
  jitter,
  minUptime,
  connectionTimeout,
  maxRetries,
  isPlain,
}: ResolvedOptions): Policy {
  return {
    minDelay: Math.min(shortestPause, minReconnectionDelay),
    baseDelay: patience,
    maxDelay: maxReconnectionDelay,
    maxHiddenDelay: maxReconnectionDelay,
    maxAttempts: maxRetries + 1,
    // A connection that was stable would have its retries again.
    minUptime: maxRetries > 0 ? minUptime : Infinity,
    attemptTimeout: connectionTimeout,
    closeTimeout: isPlain ? Infinity : closeTimeout,
    asksDelay: false,
    delay(failures, _hint, _retryAfter, _policy, { random }) {
      const grown = minReconnectionDelay * reconnectionDelayGrowFactor ** Math.max(0, failures - 1)
      return Math.min(maxReconnectionDelay, grown || 0) * (1 + jitter * random)
    },
  }
}
