import { getHeapStatistics } from 'node:v8'
import { checkNames, defaultDecodeLimits, misuse } from '@holdfast/protocol'
import type { AbortSignalLike, DecodeLimits, Window } from '@holdfast/protocol'
import { countedAs, isLocal } from './addresses.ts'
import type { Hosts } from './hosts.ts'
import { createPageCheck } from './origins.ts'
import type { CheckPage, Origins } from './origins.ts'
import { systemPorts } from './ports.ts'
import type { HubPorts, RequestLike } from './ports.ts'
import { createTroubleReport, createWarn, ignoreRejection } from './trouble.ts'
import type { ReportTrouble, Warn } from './trouble.ts'

/** The options of `createHub`. All have defaults, but a hub without `authenticate` accepts every client. */
export interface HubOptions<Data = unknown> {
  /**
   * Determines the identity of a client, by its token or its request: at every connect, every resume, and for every
   * fresh token. May be asynchronous, within the `greetingTimeout`.
   *
   * Undefined refuses the client with 4401: it fetches a fresh token once, and then gives up. A thrown
   * `HoldfastError` with the code `remote` and the reason `unauthorized` does the same.
   *
   * Any other exception, and an invalid result, counts as a failure of the server, such as a database that is down.
   * The hub reports it, once a minute at most, and closes the connection with 1013: the client keeps its session and
   * its messages, and dials again after 1 to 10 s. For a fresh token on an open connection, the hub keeps the
   * connection and calls `authenticate` again until the old token expires.
   *
   * Without `authenticate` every client is accepted, with the identity null.
   *
   * @example
   * createHub({
   *   async authenticate({ token }) {
   *     const claims = await verify(token) // undefined for a bad token; throws while the database is away
   *     return claims && { identity: claims.identity, data: { user: claims.user }, expiresIn: claims.expiresIn }
   *   },
   * })
   * @example
   * createHub({
   *   authenticate: ({ token }) =>
   *     verify(token).catch((cause: Error) => {
   *       if (cause.name !== 'TokenExpiredError') throw cause
   *       throw new HoldfastError('remote', 'the token has expired', { reason: 'unauthorized', cause })
   *     }),
   * })
   */
  readonly authenticate?: (context: AuthenticateContext) => MaybeAuthentication<Data>
  /**
   * The web pages that may connect: exact origins, such as `https://example.com`, any with `'*'`, or a function.
   *
   * Only the result `true` of a function accepts a page, and the function must be synchronous: a promise refuses, and
   * is reported. An exception counts as a failure of the server, and the client retries.
   *
   * Without it, only pages of the host that they connect to are accepted, by the `Host` header: behind a proxy that
   * changes it, list the origins. An http page is refused if its connection is known to have arrived over TLS, by the
   * socket or by the `X-Forwarded-Proto` of a proxy. Requests without an `Origin` do not come from a browser, and are
   * accepted.
   *
   * The hub answers a refused upgrade with 403; it closes a socket that was passed to `accept` with 4403.
   */
  readonly origins?: Origins
  /**
   * The names under which pages may reach this server, by the `Host` header, on any port: `['example.com']`; any with
   * `'*'`. A page that used another name is refused like one of another origin.
   *
   * Protects against DNS rebinding: an attacker makes a domain name resolve to the address of your server, and a page
   * of that name then has the same host.
   *
   * @default without `origins` too, a server that listens on loopback addresses only accepts pages that reached it as
   * `localhost`, as a name below `.localhost`, by an address, or through a proxy that sets `X-Forwarded-For`,
   * `X-Real-IP`, `Forwarded` or `Via`. Any other server accepts any name.
   */
  readonly hosts?: Hosts
  /** The bounds of everything that clients can make grow. */
  readonly limits?: HubLimits
  /**
   * How long a session is held without a connection, in milliseconds.
   *
   * @default 120_000
   */
  readonly sessionTimeout?: number
  /**
   * How long after the end of a session its client can request the outcome of its messages, in milliseconds.
   *
   * @default 86_400_000
   */
  readonly tombstoneTimeout?: number
  /**
   * How long a producer is remembered after its last use, in milliseconds. Within that time, messages that a client
   * resends from its store, in any session, are deduplicated.
   *
   * @default 86_400_000
   */
  readonly producerTimeout?: number
  /**
   * The interval at which the hub pings each client, in milliseconds. The hub closes a connection that is silent for
   * two intervals.
   *
   * @default 25_000
   */
  readonly pingInterval?: number
  /**
   * How long a greeting may take from the handshake on, including `authenticate`, in milliseconds. The hub closes a
   * connection without a greeting with 4408, and one whose `authenticate` is pending with 1013.
   *
   * Also limits `authenticate` for a fresh token, before the hub calls it again.
   *
   * @default 5_000
   */
  readonly greetingTimeout?: number
  /**
   * Returns the address that a request counts for in the limits per address; undefined or empty means none. Set it
   * behind a proxy, and read a header that only your proxy can set.
   *
   * An exception counts as a failure of the server: the hub closes the connection with 1013, and the client retries.
   * Without `address`, the address of the socket counts, unless it is local, as that of a proxy is.
   *
   * @example
   * createHub({ address: ({ headers }) => String(headers['x-real-ip'] ?? '') })
   */
  readonly address?: (request: RequestLike) => string | undefined
  /** The clock, randomness, and the receivers of exceptions and warnings. For tests, simulations and logs. */
  readonly ports?: Partial<HubPorts>
}

/** The argument of `authenticate`. */
export interface AuthenticateContext {
  /** The token that the client sent. */
  readonly token: string | undefined
  /**
   * The upgrade request, with its headers and cookies. On `renew` it has only the properties that its type declares,
   * without cookies and `Authorization`, and at most the first 1,024 characters of the URL and about 2,000 of the
   * headers.
   */
  readonly request: RequestLike
  /**
   * `connect` for a new session, `resume` for a session that the client presents, `renew` for a fresh token in place.
   */
  readonly reason: 'connect' | 'resume' | 'renew'
  /** Aborted when the result can no longer be used. */
  readonly signal: AbortSignalLike
}

/** The identity of a client. */
export interface Authentication<Data = unknown> {
  /**
   * The user, or any other value that must stay the same for a session to be resumed; null for anonymous clients. The
   * client receives a hash of it.
   */
  readonly identity: string | null
  /** Becomes `peer.data`. On `resume` and `renew` it replaces the current data, unless it is undefined. */
  readonly data?: Data | undefined
  /**
   * How long the authentication is valid, in milliseconds. The hub asks the client for a fresh token ahead of that
   * time, and every 5 s at most.
   */
  readonly expiresIn?: number | undefined
}

export type MaybeAuthentication<Data> =
  | Authentication<Data>
  | undefined
  | Promise<Authentication<Data> | undefined>

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
}

/** The resolved options. */
export interface Policy {
  readonly authenticate: ((context: AuthenticateContext) => MaybeAuthentication<unknown>) | undefined
  readonly origins: Origins | undefined
  readonly checkPage: CheckPage
  readonly limits: Required<Omit<HubLimits, 'decode'>> & { readonly decode: DecodeLimits }
  readonly sessionTimeout: number
  readonly tombstoneTimeout: number
  readonly producerTimeout: number
  readonly pingInterval: number
  readonly greetingTimeout: number
  /**
   * The address that a request counts for in the limits per address; empty for none, undefined when the application
   * failed.
   */
  readonly addressOf: (request: RequestLike) => string | undefined
  readonly reportTrouble: ReportTrouble
  readonly warn: Warn
  readonly ports: HubPorts
}

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

const names: Readonly<Record<keyof HubOptions | 'contract', true>> = {
  authenticate: true,
  origins: true,
  hosts: true,
  limits: true,
  sessionTimeout: true,
  tombstoneTimeout: true,
  producerTimeout: true,
  pingInterval: true,
  greetingTimeout: true,
  address: true,
  ports: true,
  contract: true,
}

function checkOptions(options: object | undefined, known: object): void {
  checkNames(Object.keys(given(options)), Object.keys(known).join(', '))
}

/** @throws {HoldfastError} `misuse` */
export function resolveOptions(options: HubOptions): Policy {
  checkOptions(options, names)
  checkOptions(options.limits, {
    ...defaultLimits,
    admissionBurst: true,
    maxBufferedTotalBytes: true,
    decode: true,
  })
  checkOptions(options.limits?.decode, defaultDecodeLimits)
  checkOptions(options.ports, systemPorts)
  for (const name of ['authenticate', 'address'] as const)
    if (options[name] && typeof options[name] !== 'function') throw misuse(`${name} must be a function`)
  const ports: HubPorts = { ...systemPorts, ...given(options.ports) }
  const decode = { ...defaultDecodeLimits, ...given(options.limits?.decode) }
  const wanted = { ...defaultLimits, ...given(options.limits), decode }
  const limits = {
    ...wanted,
    admissionBurst: wanted.admissionBurst ?? Math.max(1, wanted.admissionRate),
    maxBufferedTotalBytes: wanted.maxBufferedTotalBytes ?? getHeapStatistics().heap_size_limit / 4,
  }
  const times = {
    sessionTimeout: options.sessionTimeout ?? 120_000,
    tombstoneTimeout: options.tombstoneTimeout ?? 86_400_000,
    producerTimeout: options.producerTimeout ?? 86_400_000,
    pingInterval: options.pingInterval ?? 25_000,
    greetingTimeout: options.greetingTimeout ?? 5_000,
  }

  const { window, decode: _, ...counts } = limits
  for (const [name, value] of Object.entries({ ...counts, ...decode }))
    if (!(value > 0)) throw misuse(`${name} must be a number above 0, not ${String(value)}`)
  for (const name of ['admissionBurst', 'messageBurst'] as const)
    if (!(limits[name] >= 1)) throw misuse(`${name} must be a number from 1 on`)
  // Clients receive these values.
  for (const [name, value] of Object.entries(times))
    if (!Number.isSafeInteger(value) || value < 1)
      throw misuse(`${name} must be whole milliseconds from 1 on, not ${String(value)}`)
  if (!Number.isSafeInteger(limits.maxPayloadBytes) || limits.maxPayloadBytes < 65_536)
    throw misuse('maxPayloadBytes must be an integer from 65,536 on')
  if (!Array.isArray(window) || !window.every((size) => Number.isSafeInteger(size) && size > 0))
    throw misuse('the numbers of a window must be integers above 0')

  const { address, authenticate, origins, hosts } = options
  const reportTrouble = createTroubleReport(ports)
  const addressOf = (request: RequestLike): string => {
    if (!address) {
      const { remoteAddress = '' } = request.socket ?? {}
      return isLocal(remoteAddress) ? '' : countedAs(remoteAddress)
    }
    const answer: unknown = address(request) ?? ''
    if (typeof answer === 'string') return countedAs(answer)
    ignoreRejection(answer)
    throw misuse('address must give text or undefined, and at once')
  }
  return {
    ...times,
    authenticate,
    origins,
    checkPage: createPageCheck({ origins, hosts, reportTrouble }),
    limits,
    reportTrouble,
    warn: createWarn(ports),
    ports,
    addressOf: (request) => {
      try {
        return addressOf(request)
      } catch (error) {
        reportTrouble('address', error)
        return undefined
      }
    },
  }
}

/** The options without those that are undefined, which JavaScript callers use for "not set". */
export function given<T extends object>(options: T | undefined): T {
  return Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined)) as T
}
