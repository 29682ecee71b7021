import { getHeapStatistics } from 'node:v8'
import { checkNames, defaultDecodeLimits, misuse } from '@holdfast/protocol'
import type { DecodeLimits, Window } from '@holdfast/protocol'
import { given } from './given.ts'

/** Bounds of everything that clients could make grow. Each has its close code, in PROTOCOL.md. */
export interface HubLimits {
  /**
   * The largest message to take, in bytes, from 65,536 on. A larger one closes the connection with 1009.
   *
   * @default 1_048_576
   */
  readonly maxPayloadBytes?: number
  /**
   * How many messages, and bytes of them, a client may send ahead of their acknowledgement.
   *
   * @default [1_024, 1_048_576]
   */
  readonly window?: Window
  /**
   * Frames in a message, their depth, and their keys and elements. Closes with 4400 or 1007.
   *
   * @default { maxFrames: 4_096, maxDepth: 64, maxKeys: 100_000 }
   */
  readonly decode?: Partial<DecodeLimits>
  /**
   * Closes with 1013, and a hint to come back in 10 to 30 s.
   *
   * @default 20_000
   */
  readonly maxConnections?: number
  /**
   * Closes with 4429, and a hint to come back in 30 to 60 s. Addresses of IPv6 count by their first 64 bits.
   *
   * @default 1_000
   */
  readonly maxConnectionsPerAddress?: number
  /**
   * Connections a second that are let in, in the long run. Others are closed with 1013, and a hint: each is given a moment
   * of its own, so that they come back as evenly as they can be let in, however many they are.
   *
   * For a server that comes back, and for what is behind it: the clients of all who were connected dial at once. A
   * connection that is turned away costs a handshake, and nothing after that.
   *
   * @default Infinity
   */
  readonly admissionRate?: number
  /**
   * Connections that are let in at once, from 1 on.
   *
   * @default as many as in a second
   */
  readonly admissionBurst?: number
  /**
   * Sessions, with a connection or without. Closes a greeting that needs one more with 1013, and a hint.
   *
   * @default 50_000
   */
  readonly maxSessions?: number
  /**
   * The same for those that began from one address. Closes with 4429, and a hint.
   *
   * @default 5_000
   */
  readonly maxSessionsPerAddress?: number
  /**
   * The same for those of one identity, unless it is null.
   *
   * @default 5_000
   */
  readonly maxSessionsPerIdentity?: number
  /**
   * How many ended sessions are remembered. When there are more, those are forgotten first of which an identity or an
   * address has the most.
   *
   * @default 100_000
   */
  readonly maxTombstones?: number
  /**
   * How many producers are remembered. When there are more, the identities and addresses that have the most lose those that
   * they used longest ago, which they are told of. Nobody else is told less.
   *
   * @default 100_000
   */
  readonly maxProducers?: number
  /**
   * Messages a second that are taken from a session in the long run.
   *
   * What comes faster waits, up to the `window`, before it is delivered and acknowledged: a client that has filled the
   * window stops sending until there is room again. Volatile messages are dropped instead, and counted in
   * `stats().droppedMessages`. Pings are answered at once, and the connection stays up. Limits messages only: a client that
   * sends more than 100 pings and other controls a second, or 1,000 at once, is closed with 4429.
   *
   * @default 2_000
   */
  readonly messageRate?: number
  /**
   * Messages that are taken from a session at once, from 1 on.
   *
   * @default 20_000
   */
  readonly messageBurst?: number
  /**
   * Handlers of requests that run at the same time for one identity, or for one address where the identity is null; 1,000
   * of them for one session. A handler counts until what it returned settles, also when the client no longer waits or is
   * gone, and even if it ignores its `signal`. A request too many is answered with the reason `overloaded`, and its handler
   * is not called.
   *
   * @default 5_000
   */
  readonly maxRunningRequests?: number
  /**
   * Messages that may wait for a client to take and to acknowledge them. One more ends the session as `overflow`, with
   * 4410.
   *
   * @default 32_768
   */
  readonly maxBufferedMessages?: number
  /**
   * The same in bytes.
   *
   * @default 8_388_608
   */
  readonly maxBufferedBytes?: number
  /**
   * What may wait for all clients together, in bytes of memory: each message counts 160 bytes for every session that it
   * waits for, and its size, which counts once for a broadcast. When there is more, sessions end as `overflow` until an
   * eighth is free: those without a connection, the ones that are away longest first, then those for which most waits. A
   * single identity or address that has more than a quarter of what waits loses its own first.
   *
   * @default a quarter of the heap limit of V8
   */
  readonly maxBufferedTotalBytes?: number
}

/** The limits, each of which has a value. */
export type Limits = Required<Omit<HubLimits, 'decode'>> & { readonly decode: DecodeLimits }

const defaultLimits = {
  maxPayloadBytes: 1_048_576,
  window: [1_024, 1_048_576],
  maxConnections: 20_000,
  maxConnectionsPerAddress: 1_000,
  admissionRate: Infinity,
  maxSessions: 50_000,
  maxSessionsPerAddress: 5_000,
  maxSessionsPerIdentity: 5_000,
  maxTombstones: 100_000,
  maxProducers: 100_000,
  messageRate: 2_000,
  messageBurst: 20_000,
  maxRunningRequests: 5_000,
  maxBufferedMessages: 32_768,
  maxBufferedBytes: 8_388_608,
} as const

/** @throws {HoldfastError} `misuse` */
export function resolveLimits(options: HubLimits | undefined): Limits {
  const known = [...Object.keys(defaultLimits), 'admissionBurst', 'maxBufferedTotalBytes', 'decode']
  checkNames(Object.keys(given(options)), known.join(', '))
  checkNames(Object.keys(given(options?.decode)), Object.keys(defaultDecodeLimits).join(', '))
  const wanted = { ...defaultLimits, ...given(options) }
  const limits = {
    ...wanted,
    admissionBurst: wanted.admissionBurst ?? Math.max(1, wanted.admissionRate),
    maxBufferedTotalBytes: wanted.maxBufferedTotalBytes ?? getHeapStatistics().heap_size_limit / 4,
    decode: { ...defaultDecodeLimits, ...given(options?.decode) },
  }
  check(limits)
  return limits
}

function check({ window, decode, ...counts }: Limits): void {
  for (const [name, value] of Object.entries({ ...counts, ...decode }))
    if (!(value > 0)) throw misuse(`${name} must be a number above 0, not ${String(value)}`)
  for (const name of ['admissionBurst', 'messageBurst'] as const)
    if (!(counts[name] >= 1)) throw misuse(`${name} must be a number from 1 on`)
  if (!Number.isSafeInteger(counts.maxPayloadBytes) || counts.maxPayloadBytes < 65_536)
    throw misuse('maxPayloadBytes must be an integer from 65,536 on')
  if (!Array.isArray(window) || !window.every((size) => Number.isSafeInteger(size) && size > 0))
    throw misuse('the numbers of a window must be integers above 0')
}
