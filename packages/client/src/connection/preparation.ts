import { HoldfastError } from '@holdfast/protocol'
import type { AbortSignalLike, Clock } from '@holdfast/protocol'
import { fatal, retry } from './attempt.ts'
import type { AttemptContext, Prepared } from './attempt.ts'
import type { SocketConstructor } from '../platform/ports.ts'
import { baseUrl, resolveUrl } from '../platform/url.ts'
import type { UrlSource } from '../platform/url.ts'

/** What `createClient` takes for its attempts to connect. */
export interface AttemptOptions {
  /**
   * Where to connect: `ws:`, `wss:`, `http:`, `https:`, or relative to the page. A function is asked before every
   * attempt; one that throws or rejects fails the attempt, which is retried, and one that gives no URL is fatal.
   */
  readonly url: UrlSource | ((context: UrlContext) => UrlSource | Promise<UrlSource>)
  /**
   * Asked for a token before every attempt; what it gives is passed to `url` and to the greeting of the wire. One that
   * throws or rejects fails the attempt, which is retried.
   *
   * Not called again while a call is under way, also when that takes longer than an attempt: the next attempt waits for
   * the same answer. A call that has not come back after a minute is given up.
   */
  readonly token?: (context: TokenContext) => string | Promise<string>
  /** The constructor of sockets, for runtimes without a global `WebSocket` such as Node 20: the one of `ws` will do. */
  readonly WebSocket?: SocketConstructor
  /**
   * Subprotocols to offer; `client.state.protocol` shows which one the server chose. A function is asked before every
   * attempt, after `token` and `url`; one that throws or rejects fails the attempt, which is retried, and one that gives
   * neither text nor a list is fatal.
   *
   * @default []
   */
  readonly protocols?: Protocols | ((context: UrlContext) => Protocols | Promise<Protocols>)
}

export type Protocols = string | readonly string[]

/** What a `url` or `protocols` function is told. */
export interface UrlContext {
  /** The number of the attempt since the connection was last stable, from 1. */
  readonly attempt: number
  readonly token: string | undefined
  /** Aborted when the attempt is given up. */
  readonly signal: AbortSignalLike
}

/** What a `token` function is told. */
export interface TokenContext {
  /**
   * `unauthorized` when the server refused the last token, so that a cached one must not be given again; `renew` when it
   * asks for a fresh one on an open connection.
   */
  readonly reason: 'connect' | 'reconnect' | 'unauthorized' | 'renew'
}

/** What an attempt needs before it can open a socket: a token, a URL and a class. */
export interface Preparation {
  /** @throws {HoldfastError} `no-websocket` or `misuse`, when connecting cannot work at all */
  check(): void
  prepare(attempt: AttemptContext): Promise<Prepared>
  /** The token of the current attempt. */
  token(): string | undefined
  /** A fresh token, because the server asks for one. */
  renew(): Promise<string | undefined>
}

/** How long a call for a token is waited for, over all attempts, before it is made anew. In milliseconds. */
const tokenPatience = 60_000

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
    throw new HoldfastError('no-websocket', 'no WebSocket here: pass one as the option WebSocket')
  }
  const findUrl = (source: UrlSource): string => resolveUrl(source, baseUrl())

  // One call at a time, also when it takes longer than an attempt.
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
        // What fails from here on will fail the next time.
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
