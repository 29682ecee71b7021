import { HoldfastError } from '@holdfast/protocol'
import type { AbortSignalLike, Clock } from '@holdfast/protocol'
import { fatal, retry } from './attempt.ts'
import type { AttemptContext, Prepared } from './attempt.ts'
import type { SocketConstructor } from '../platform/ports.ts'
import { baseUrl, resolveUrl } from '../platform/url.ts'
import type { UrlSource } from '../platform/url.ts'
import { tokenPatience } from './times.ts'

/** The options of `createClient` for connection attempts. */
export interface AttemptOptions {
  /**
   * The URL to connect to: `ws:`, `wss:`, `http:`, `https:`, or relative to the page.
   *
   * The client calls a function before every attempt. If it throws or rejects, the attempt fails and is retried; an
   * invalid URL is fatal.
   */
  readonly url: UrlSource | ((context: UrlContext) => UrlSource | Promise<UrlSource>)
  /**
   * Returns the token. The client calls it before every attempt, and passes the result to `url` and to the greeting
   * of the wire.
   *
   * If it throws or rejects, the attempt fails and is retried. The client does not call it again while a call is
   * pending, even if the call takes longer than an attempt: the next attempt waits for the same result. It abandons a
   * call after a minute.
   */
  readonly token?: (context: TokenContext) => string | Promise<string>
  /**
   * The socket constructor, for runtimes without a global `WebSocket` such as Node 20: for example, the one of `ws`.
   */
  readonly WebSocket?: SocketConstructor
  /**
   * The subprotocols to offer; `client.state.protocol` is the one that the server chose.
   *
   * The client calls a function before every attempt, after `token` and `url`. If it throws or rejects, the attempt
   * fails and is retried; a result that is neither text nor a list is fatal.
   *
   * @default []
   */
  readonly protocols?: Protocols | ((context: UrlContext) => Protocols | Promise<Protocols>)
}

export type Protocols = string | readonly string[]

/** The argument of a `url` or `protocols` function. */
export interface UrlContext {
  /** The number of the attempt since the connection was last stable, from 1. */
  readonly attempt: number
  readonly token: string | undefined
  /** Aborted when the attempt is abandoned. */
  readonly signal: AbortSignalLike
}

/** The argument of a `token` function. */
export interface TokenContext {
  /**
   * `unauthorized` if the server refused the last token, so do not return a cached one; `renew` if it asks for a
   * fresh one on an open connection.
   */
  readonly reason: 'connect' | 'reconnect' | 'unauthorized' | 'renew'
}

/** The preparation of an attempt: a token, a URL and a socket constructor. */
export interface Preparation {
  /** @throws {HoldfastError} `no-websocket` or `misuse`, when connecting cannot work at all */
  check(): void
  prepare(attempt: AttemptContext): Promise<Prepared>
  /** The token of the current attempt. */
  token(): string | undefined
  /** Returns a fresh token, which it calls `token` for: the server asks for one. */
  renew(): Promise<string | undefined>
}

export function createPreparation(
  options: AttemptOptions,
  clock: Clock,
  wasOpen: () => boolean,
): Preparation {
  let token: string | undefined
  let asking: { readonly at: number; readonly answer: Promise<string | undefined> } | undefined

  const findSocket = (): SocketConstructor => {
    const socket = options.WebSocket ?? (globalThis as { WebSocket?: SocketConstructor }).WebSocket
    if (socket) return socket
    throw new HoldfastError('no-websocket', 'no WebSocket: pass the option WebSocket')
  }
  const findUrl = (source: UrlSource): string => resolveUrl(source, baseUrl())

  // One call at a time, even if it takes longer than an attempt.
  const askToken = (reason: TokenContext['reason']): Promise<string | undefined> => {
    if (!asking || clock.now() - asking.at > tokenPatience) {
      const call = { at: clock.now(), answer: (async () => await options.token?.({ reason }))() }
      const forget = (): void => void (asking = asking === call ? undefined : asking)
      call.answer.then(forget, forget)
      asking = call
    }
    return asking.answer
  }

  return {
    token: () => token,
    renew: async () => (token = await askToken('renew')),
    check() {
      const { url } = options
      findSocket()
      if (typeof url !== 'function') findUrl(url)
    },
    async prepare({ tally, signal }) {
      const { url, protocols = [] } = options
      let reason = 'token'
      let rule = retry
      try {
        const asked = await askToken(tally.refresh ? 'unauthorized' : wasOpen() ? 'reconnect' : 'connect')
        if (!signal.aborted) token = asked
        reason = 'url'
        const context = { attempt: tally.attempts, token: asked, signal }
        const source = typeof url === 'function' ? await url(context) : url
        reason = 'protocols'
        const offered = typeof protocols === 'function' ? await protocols(context) : protocols
        // Failures from here on are permanent.
        rule = fatal
        const names = typeof offered === 'string' ? [offered] : [...offered]
        reason = 'url'
        const target = findUrl(source)
        const Socket = findSocket()
        return { url: target, open: () => new Socket(target, names) }
      } catch (error) {
        return { cause: { reason, error }, rule }
      }
    },
  }
}
