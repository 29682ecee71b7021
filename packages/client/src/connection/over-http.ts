import { given } from '@holdfast/protocol'
import type { DelayRange } from '@holdfast/protocol'
import { longestHint } from './backoff.ts'
import type { Diagnose } from './diagnose.ts'
import { diagnosis } from './diagnosis.ts'
import { newAbort } from '../platform/ports.ts'
import type { Diagnosis, Finding } from './states.ts'
import { baseUrl, resolveUrl } from '../platform/url.ts'
import type { UrlSource } from '../platform/url.ts'

/** The options of {@link overHttp}. */
export interface OverHttpOptions {
  /**
   * The URL of the request: absolute, or relative to the page. Required outside browsers.
   *
   * A server of another origin has to allow the page by CORS, and to name `Retry-After` in
   * `Access-Control-Expose-Headers`. A relative URL without a page is reported as `misuse` when the client would make
   * the request.
   *
   * @default the URL of the socket, from pages of the same origin only; other pages make no request
   */
  readonly url?: UrlSource
}

/** The parts of `fetch` and `location` that Holdfast uses. */
const platform = globalThis as unknown as {
  readonly fetch?: (url: string, options: object) => Promise<Answer>
  readonly location?: { readonly origin: string }
}

interface Answer {
  readonly status: number
  readonly headers: { get(name: string): string | null }
}

/** How long the client waits for the response, in milliseconds. */
const patience = 5_000
/** The random part added to a delay, relative to it, so that clients do not return at the same moment. */
const spread = 0.25

const reasons: Readonly<Record<number, string>> = {
  401: 'unauthorized',
  403: 'forbidden',
  429: 'rate-limited',
}

/**
 * Determines over HTTP why no socket opens: one `GET` request with the platform's `fetch`, after three failures in a
 * row and each further three.
 *
 * The cause is then `unauthorized`, `forbidden`, `rate-limited`, `server-error` or `upgrade-blocked`, with the
 * `status` of the response. After 401 the client requests a fresh token; after 429 and 503 it does not dial before
 * `Retry-After`. No response is fatal. The request does not follow redirects, and times out after 5 s.
 *
 * @throws {HoldfastError} `misuse`, for an invalid URL or an unknown option
 * @example
 * createClient({ url: 'wss://example.com/ws', diagnose: overHttp({ url: 'https://example.com/health' }) })
 * @see browsers report a failed handshake as close 1006, whatever the response: WHATWG WebSockets, section 4
 */
/* @__NO_SIDE_EFFECTS__ */
export function overHttp(options?: OverHttpOptions): Diagnosis {
  return diagnosis(askOverHttp(options))
}

export function askOverHttp(options?: OverHttpOptions): Diagnose {
  const { url: chosen } = given(options, 'url')
  if (chosen !== undefined) resolveUrl(chosen, 'ws://localhost')

  return async (url, { signal, clock }) => {
    const target = whereToAsk(url, chosen)
    if (!target || !platform.fetch) return undefined
    const limit = newAbort()
    const abort = (): void => limit.abort()
    const timer = clock.setTimer(abort, patience)
    signal.addEventListener('abort', abort)
    try {
      return findingOf(await platform.fetch(target, { ...how, signal: limit.signal }), clock.wall())
    } catch {
      // No response proves nothing: a path that is down gives none either.
      return undefined
    } finally {
      // The body is not read, and an endless one would keep the connection busy.
      abort()
      clock.clearTimer(timer)
      signal.removeEventListener('abort', abort)
    }
  }
}

// A redirect, to a login page for example, is a response in itself.
const how = { cache: 'no-store', redirect: 'manual' }

function whereToAsk(url: string, chosen: UrlSource | undefined): string | undefined {
  const { location } = platform
  const target = resolveUrl(chosen ?? url, baseUrl()).replace(/^ws/, 'http')
  // Browsers hide responses of another origin unless it allows the page by CORS.
  return chosen !== undefined || (location && `${target}/`.startsWith(`${location.origin}/`))
    ? target
    : undefined
}

function findingOf({ status, headers }: Answer, wall: number): Finding {
  const reason = reasons[status] ?? (status >= 500 ? 'server-error' : 'upgrade-blocked')
  const delay = retryAfter(headers.get('retry-after'), wall)
  return {
    cause: { reason, ...(status > 0 && { status }) },
    refresh: status === 401,
    ...(delay && (status === 429 || status === 503) && { delay }),
  }
}

/** The range of delays that a `Retry-After` requests: seconds, or a date. */
function retryAfter(text: string | null, wall: number): DelayRange | undefined {
  if (!text) return undefined
  const delay = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - wall
  if (!(delay >= 0)) return undefined
  const min = Math.min(delay, longestHint)
  return [min, min * (1 + spread)]
}
