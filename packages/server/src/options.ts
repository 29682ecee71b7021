import type { MaybeAuthentication, AuthenticateContext } from './authenticate.ts'
import type { Broker } from './channels/broker.ts'
import type { CompressionOptions } from './compression.ts'
import type { Hosts } from './hosts.ts'
import type { HubLimits } from './limits.ts'
import type { Origins } from './origins.ts'
import type { HubPorts, RequestLike } from './ports.ts'
import type { Trace } from './tracer.ts'

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
  /**
   * Holds the logs of channels. Several hubs that share one are one to their clients.
   *
   * @default memory()
   */
  readonly broker?: Broker
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
  /**
   * Compresses messages with the extension `permessage-deflate` of `ws`, for sockets that `attach` accepts: `true`, or
   * how. Costs processor time, and memory for every connection that has sent or received a compressed message.
   *
   * `maxPayloadBytes` limits messages as they are after decompression.
   *
   * @default false
   * @see RFC 7692
   */
  readonly perMessageDeflate?: boolean | CompressionOptions
  /**
   * Called for every message that handlers receive from a client, and every message that the application sends to one. What
   * it returns is notified of the end, and can wrap the handlers. Use it to trace messages with OpenTelemetry, or to
   * log them. Not called for publications to the subscribers of a channel, and messages of `hub.to`.
   *
   * Exceptions are reported, once a minute at most, and do not affect the message.
   *
   * @default messages are not traced
   * @example
   * createHub({
   *   trace({ direction, kind, name, peer }) {
   *     const startedAt = performance.now()
   *     return {
   *       end: ({ error }) => console.log(direction, kind, name, peer.id, performance.now() - startedAt, error),
   *     }
   *   },
   * })
   */
  readonly trace?: Trace<Data>
  /** The clock, randomness, and the receivers of exceptions and warnings. For tests, simulations and logs. */
  readonly ports?: Partial<HubPorts>
}
