import { getHeapStatistics } from 'node:v8'
import { checkNames, defaultDecodeLimits, given, misuse } from '@holdfast/protocol'
import type { AbortSignalLike, DecodeLimits, Window } from '@holdfast/protocol'
import { countedAs, isLocal } from './addresses.ts'
import type { Hosts } from './hosts.ts'
import { createPageCheck } from './origins.ts'
import type { CheckPage, Origins } from './origins.ts'
import { systemPorts } from './ports.ts'
import type { HubPorts, RequestLike } from './ports.ts'
import { createTroubleReport, createWarn, ignoreRejection } from './trouble.ts'
import type { ReportTrouble, Warn } from './trouble.ts'

/** What `createHub` takes. Sensible without any of it, though a hub without `authenticate` lets everybody in. */
export interface HubOptions<Data = unknown> {
  /**
   * Says who a client is, by its token or by its request: whenever it connects, resumes or brings a fresh token. May
   * take its time, within the `greetingTimeout`.
   *
   * Undefined refuses the client with 4401: it gets a fresh token once, and then gives up. So does a thrown
   * `HoldfastError` with the code `remote` and the reason `unauthorized`.
   *
   * Anything else that it throws, or an answer that makes no sense, is trouble of the server and not the client's fault,
   * such as a database that is away. It is reported, once a minute at most, and the client is closed with 1013: it keeps
   * its session and its messages, and dials again after 1 to 10 s. For a fresh token on an open connection, the
   * connection is kept, and `authenticate` is asked again until the old token expires.
   *
   * Without `authenticate` every client is let in, with the identity null.
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
   * Which web pages may connect: exact origins, such as `https://example.com`, any with `'*'`, or what the function says.
   * Only `true` lets a page in, and the function must answer at once: a promise refuses, and is reported. One that throws
   * is trouble of the server, and the client comes again.
   *
   * Without it, only pages of the host that they connect to, as the `Host` header says: behind a proxy that changes it,
   * list them. A page of plain http is refused where its connection is known to have come by TLS, by the socket or by the
   * `X-Forwarded-Proto` of a proxy. Requests without an `Origin` come from no browser, and pass.
   *
   * A refused upgrade is answered with 403; a socket that was given to `accept` is closed with 4403.
   */
  readonly origins?: Origins
  /**
   * The names under which pages may reach this server, as the `Host` header says, on any port: `['example.com']`; any
   * with `'*'`. A page that has come by another name is refused as one of another origin is.
   *
   * This is against DNS rebinding: somebody has a name of theirs resolve to the address of your server, and a page of that
   * name is then one of the same host.
   *
   * @default without `origins` too, a server that listens on addresses of loopback only lets pages in that have reached
   * it as `localhost`, as a name below `.localhost`, by an address, or through a proxy that says so by `X-Forwarded-For`,
   * `X-Real-IP`, `Forwarded` or `Via`. Any other server takes any name.
   */
  readonly hosts?: Hosts
  /** Bounds of everything that clients could make grow. */
  readonly limits?: HubLimits
  /**
   * How long a session is held without a connection, in milliseconds.
   *
   * @default 120_000
   */
  readonly sessionTimeout?: number
  /**
   * For how long after the end of a session its client can learn what became of its messages, in milliseconds.
   *
   * @default 86_400_000
   */
  readonly tombstoneTimeout?: number
  /**
   * For how long after its last use a producer is remembered, in milliseconds: a client that keeps what it sends on disk can
   * send that again so long, from another page, without that it is handed on twice.
   *
   * @default 86_400_000
   */
  readonly producerTimeout?: number
  /**
   * How often each client is pinged, in milliseconds. A connection that is silent for two intervals is cut.
   *
   * @default 25_000
   */
  readonly pingInterval?: number
  /**
   * How long a greeting may take from the handshake on, `authenticate` included, in milliseconds. A client that says
   * nothing is closed with 4408, and one that waits for `authenticate` with 1013.
   *
   * Also how long `authenticate` may take for a fresh token, before it is asked again.
   *
   * @default 5_000
   */
  readonly greetingTimeout?: number
  /**
   * The address that a request counts for in the limits per address; undefined or empty counts for none. To be given
   * behind a proxy, by the header that your proxy sets and that nobody else can. One that throws is trouble of the
   * server: the connection is closed with 1013, and the client comes again.
   *
   * Without it, the address of the socket counts, unless it is local, as that of a proxy is.
   *
   * @example
   * createHub({ address: ({ headers }) => String(headers['x-real-ip'] ?? '') })
   */
  readonly address?: (request: RequestLike) => string | undefined
  /** Clock, randomness, and where exceptions and warnings go. For tests, simulations and logs. */
  readonly ports?: Partial<HubPorts>
}

/** What `authenticate` is told. */
export interface AuthenticateContext {
  /** What the client sent as its token. */
  readonly token: string | undefined
  /**
   * The request for the upgrade, with its headers and cookies. On `renew` it has nothing but what its type says, of that no
   * cookies and no `Authorization`, and the first 1,024 characters of the URL and about 2,000 of the headers at most.
   */
  readonly request: RequestLike
  /** `connect` for a new session, `resume` for one that the client says it had, `renew` for a fresh token in place. */
  readonly reason: 'connect' | 'resume' | 'renew'
  /** Aborted when the answer can no longer be used. */
  readonly signal: AbortSignalLike
}

/** Who a client is. */
export interface Authentication<Data = unknown> {
  /**
   * The user, or whatever else must be the same for a session to be resumed; null for nobody in particular. The client
   * sees a hash of it.
   */
  readonly identity: string | null
  /** Becomes `peer.data`. On `resume` and `renew` it replaces what is there, unless it is undefined. */
  readonly data?: Data | undefined
  /**
   * For how long this holds, in milliseconds. The client is asked for a fresh token ahead of that, and every 5 s at most.
   */
  readonly expiresIn?: number | undefined
}

export type MaybeAuthentication<Data> =
  | Authentication<Data>
  | undefined
  | Promise<Authentication<Data> | undefined>

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

/** What was made of the options. */
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
  /** What a request counts as in the limits per address; empty for none, undefined when the application failed. */
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
  // Clients are told these.
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
