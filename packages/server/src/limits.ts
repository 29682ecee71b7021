import { getHeapStatistics } from 'node:v8'
import { defaultDecodeLimits, given, misuse, namesOf } from '@holdfast/protocol'
import type { DecodeLimits, Window } from '@holdfast/protocol'

/** The bounds of everything that clients can make grow. PROTOCOL.md lists their close codes. */
export interface HubLimits {
  /**
   * The largest accepted message, in bytes, at least 65,536. A larger message closes the connection with 1009.
   *
   * @default 1_048_576
   */
  readonly maxPayloadBytes?: number
  /**
   * How many messages, and bytes, a client may send ahead of their acknowledgement.
   *
   * @default [1_024, 1_048_576]
   */
  readonly window?: Window
  /**
   * The frames in a message, their depth, and their keys and elements. Closes with 4400 or 1007.
   *
   * @default { maxFrames: 4_096, maxDepth: 64, maxKeys: 100_000 }
   */
  readonly decode?: Partial<DecodeLimits>
  /**
   * The number of connections. Further ones are closed with 1013, and a hint to retry in 10 to 30 s.
   *
   * @default 20_000
   */
  readonly maxConnections?: number
  /**
   * The number of connections per address. Further ones are closed with 4429, and a hint to retry in 30 to 60 s. IPv6
   * addresses count by their first 64 bits.
   *
   * @default 1_000
   */
  readonly maxConnectionsPerAddress?: number
  /**
   * The connections that the hub admits per second, on average. It closes others with 1013 and a hint, which assigns
   * each client its own retry time, so that they return as evenly as the hub can admit them.
   *
   * Protects a restarted server and its backends: all its former clients dial at once. A refused connection costs a
   * handshake, and nothing after that.
   *
   * @default Infinity
   */
  readonly admissionRate?: number
  /**
   * The connections that the hub admits at once, at least 1.
   *
   * @default as many as in a second
   */
  readonly admissionBurst?: number
  /**
   * The number of sessions, with or without a connection. A greeting that needs one more is closed with 1013, and a
   * hint.
   *
   * @default 50_000
   */
  readonly maxSessions?: number
  /**
   * The number of sessions that began from one address. Closes with 4429, and a hint.
   *
   * @default 5_000
   */
  readonly maxSessionsPerAddress?: number
  /**
   * The number of sessions of one identity, unless it is null. Closes with 4429, and a hint.
   *
   * @default 5_000
   */
  readonly maxSessionsPerIdentity?: number
  /**
   * The number of ended sessions that are remembered. When there are more, the identity or address that has the most
   * loses its oldest.
   *
   * @default 100_000
   */
  readonly maxTombstones?: number
  /**
   * The number of producers that are remembered. When there are more, the identities and addresses that have the most
   * lose their least recently used ones, and the hub announces a shorter memory to them only.
   *
   * @default 100_000
   */
  readonly maxProducers?: number
  /**
   * The messages per second that the hub accepts from a session, on average.
   *
   * Faster messages wait, up to the `window`, before they are delivered and acknowledged: a client that has filled
   * the window stops sending until there is room again. Volatile messages are dropped instead, and counted in
   * `stats().droppedMessages`. The hub answers pings at once, and the connection stays open. Limits messages only: a
   * client that sends more than 100 pings and other controls a second, or 1,000 at once, is closed with 4429.
   *
   * @default 2_000
   */
  readonly messageRate?: number
  /**
   * The messages that the hub accepts from a session at once, at least 1.
   *
   * @default 20_000
   */
  readonly messageBurst?: number
  /**
   * The request handlers that run at the same time for one identity, or for one address where the identity is null;
   * 1,000 of them for one session.
   *
   * A handler counts until its result settles, even when the client no longer waits or is gone, and even if it
   * ignores its `signal`. The hub answers a request above the limit with the reason `overloaded`, and does not call
   * its handler.
   *
   * @default 5_000
   */
  readonly maxRunningRequests?: number
  /**
   * The messages that may wait for a client to receive and acknowledge them. One more ends the session as `overflow`,
   * with 4410.
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
   * The memory of the messages that wait for all clients together, in bytes: each message counts 160 bytes for every
   * session that it waits for, and its size, which counts once for a broadcast.
   *
   * Above the limit, sessions end as `overflow` until an eighth is free: first those without a connection, in the
   * order in which they lost it, then those with the most queued data. A single identity or address that has more
   * than a quarter of the total loses its own sessions first.
   *
   * @default a quarter of the heap limit of V8
   */
  readonly maxBufferedTotalBytes?: number
  /**
   * The sessions that the hub is about to take from other hubs, or from their store, at the same time. Further clients that come with
   * such a session are closed with 1013, and a hint; if a single identity or address has more than a quarter of the total, its clients
   * are closed first.
   *
   * @default 1_000
   */
  readonly maxClaims?: number
  /**
   * What this hub keeps in the store of sessions, in bytes: the sessions that it has parked, and the messages that it has posted for
   * them. Each counts until the store has it, and for the `sessionTimeout` after that, with its encoded size, and 1,000 bytes more for a
   * session, or 160 for a message.
   *
   * Above the limit, a session that is to move ends as `overflow`, with its final cursor, and a message for a session that has moved is
   * `undelivered`, `overflow`. A single session is limited by `maxBufferedBytes`.
   *
   * @default a quarter of the heap limit of V8
   */
  readonly maxParkedTotalBytes?: number
  /**
   * The channels that the client of one session may join. Further ones are refused as `too-many`.
   *
   * @default 128
   */
  readonly maxChannelsPerSession?: number
  /**
   * The channels that all clients have joined, each counted for every session. Further ones are refused as `too-many`.
   *
   * @default 500_000
   */
  readonly maxSubscriptions?: number
  /**
   * The channels that have subscribers. Clients are refused as `too-many` in further ones.
   *
   * @default 100_000
   */
  readonly maxChannels?: number
  /**
   * The publications per second that the hub accepts from a session, on average. Further ones are refused as `rate`.
   *
   * @default 50
   */
  readonly publishRate?: number
  /**
   * The publications that the hub accepts from a session at once, at least 1.
   *
   * @default 500
   */
  readonly publishBurst?: number
  /**
   * The size of a publication, in bytes of its JSON. A larger one is refused as `too-large`.
   *
   * @default 65_536
   */
  readonly maxPublicationBytes?: number
  /**
   * The members of a channel that are sessions of this hub. Clients are refused as `too-many` in a channel that has as many.
   *
   * @default 10_000
   */
  readonly maxPresenceMembers?: number
  /**
   * The data of a member, in bytes of its JSON. A client that joins with more is refused as `too-large`.
   *
   * @default 1_024
   */
  readonly maxPresenceBytes?: number
  /**
   * The unsent bytes on a connection above which the hub skips publications for its client. When they are sent, the client gets what
   * it has missed from the history, or is notified of a gap.
   *
   * @default 262_144
   */
  readonly maxUnsentPublicationBytes?: number
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
  maxClaims: 1_000,
  maxChannelsPerSession: 128,
  maxSubscriptions: 500_000,
  maxChannels: 100_000,
  publishRate: 50,
  publishBurst: 500,
  maxPublicationBytes: 65_536,
  maxPresenceMembers: 10_000,
  maxPresenceBytes: 1_024,
  maxUnsentPublicationBytes: 262_144,
} as const

/** A limit that refuses, delays, drops or ends something: how often is counted. */
export type LimitName = Exclude<
  keyof HubLimits,
  // These belong to others, or only make the hub forget the oldest.
  'window' | 'admissionBurst' | 'messageBurst' | 'publishBurst' | 'maxTombstones' | 'maxProducers'
>

/** A counter for each limit. */
export function noLimitHits(): Record<LimitName, number> {
  return {
    maxPayloadBytes: 0,
    decode: 0,
    maxConnections: 0,
    maxConnectionsPerAddress: 0,
    admissionRate: 0,
    maxSessions: 0,
    maxSessionsPerAddress: 0,
    maxSessionsPerIdentity: 0,
    messageRate: 0,
    maxRunningRequests: 0,
    maxBufferedMessages: 0,
    maxBufferedBytes: 0,
    maxBufferedTotalBytes: 0,
    maxClaims: 0,
    maxParkedTotalBytes: 0,
    maxChannelsPerSession: 0,
    maxSubscriptions: 0,
    maxChannels: 0,
    maxPresenceMembers: 0,
    maxPresenceBytes: 0,
    publishRate: 0,
    maxPublicationBytes: 0,
    maxUnsentPublicationBytes: 0,
  }
}

/** @throws {HoldfastError} `misuse` */
export function resolveLimits(options: HubLimits | undefined): Limits {
  const known = `${namesOf(defaultLimits)}, admissionBurst, maxBufferedTotalBytes, maxParkedTotalBytes, decode`
  const quarterOfHeap = getHeapStatistics().heap_size_limit / 4
  const wanted = { ...defaultLimits, ...given(options, known) }
  const limits = {
    ...wanted,
    admissionBurst: wanted.admissionBurst ?? Math.max(1, wanted.admissionRate),
    maxBufferedTotalBytes: wanted.maxBufferedTotalBytes ?? quarterOfHeap,
    maxParkedTotalBytes: wanted.maxParkedTotalBytes ?? quarterOfHeap,
    decode: { ...defaultDecodeLimits, ...given(wanted.decode, namesOf(defaultDecodeLimits)) },
  }
  check(limits)
  return limits
}

function check({ window, decode, ...counts }: Limits): void {
  for (const [name, value] of Object.entries({ ...counts, ...decode }))
    if (!(value > 0)) throw misuse(`${name} must be a number above 0, not ${String(value)}`)
  for (const name of ['admissionBurst', 'messageBurst', 'publishBurst'] as const)
    if (!(counts[name] >= 1)) throw misuse(`${name} must be a number of 1 or more`)
  if (!Number.isSafeInteger(counts.maxPayloadBytes) || counts.maxPayloadBytes < 65_536)
    throw misuse('maxPayloadBytes must be an integer of 65,536 or more')
  if (!Array.isArray(window) || !window.every((size) => Number.isSafeInteger(size) && size > 0))
    throw misuse('the numbers of a window must be integers above 0')
}
