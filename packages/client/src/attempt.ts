import { HoldfastError } from '@holdfast/protocol'
import type { Clock } from '@holdfast/protocol'
import { fatal, retry } from './connection/connection.ts'
import type { AttemptContext, Prepared } from './connection/connection.ts'
import type { SocketConstructor } from './connection/ports.ts'
import { baseUrl, resolveUrl } from './connection/url.ts'
import type { UrlSource } from './connection/url.ts'
import type { ClientOptions, TokenContext } from './options.ts'

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

export function createPreparation(options: ClientOptions, clock: Clock, wasOpen: () => boolean): Preparation {
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
