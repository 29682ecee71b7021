import type { MaybeAuthentication, AuthenticateContext } from './authenticate.ts'
import type { Hosts } from './hosts.ts'
import type { HubLimits } from './limits.ts'
import type { Origins } from './origins.ts'
import type { HubPorts, RequestLike } from './ports.ts'

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
