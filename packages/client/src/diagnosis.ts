import type { AbortSignalLike, Clock } from '@holdfast/protocol'
import { longestHint } from './connection/backoff.ts'
import type { Window } from './connection/backoff.ts'
import type { Finding } from './connection/states.ts'
import { newAbort } from './connection/ports.ts'
import { baseUrl, resolveUrl } from './connection/url.ts'
import type { UrlSource } from './connection/url.ts'

/** What Holdfast uses of the platform's `fetch` and `location`. */
const platform = globalThis as unknown as {
  readonly fetch?: (url: string, options: object) => Promise<Answer>
  readonly location?: { readonly origin: string }
}

interface Answer {
  readonly status: number
  readonly headers: { get(name: string): string | null }
}

/** How long the answer is waited for, in milliseconds. */
const patience = 5_000
/** How much of that delay is added at random, so that not all clients come back in one moment. */
const spread = 0.25

const reasons: Readonly<Record<number, string>> = {
  401: 'unauthorized',
  403: 'forbidden',
  429: 'rate-limited',
}

/**
 * Makes the function that asks over HTTP why no socket opens to a URL, because sockets do not tell. Its answer is
 * undefined when that stays unknown.
 *
 * @see browsers show a failed handshake as close 1006, whatever was answered: WHATWG WebSockets, section 4
 */
export function createDiagnosis(
  healthUrl: UrlSource | false | undefined,
  clock: Clock,
): (url: string, signal: AbortSignalLike) => Promise<Finding | undefined> {
  return async (url, signal) => {
    const target = whereToAsk(url, healthUrl)
    if (!target || !platform.fetch) return undefined
    const limit = newAbort()
    const abort = (): void => limit.abort()
    const timer = clock.setTimer(abort, patience)
    signal.addEventListener('abort', abort)
    try {
      return findingOf(await platform.fetch(target, { ...how, signal: limit.signal }), clock.wall())
    } catch {
      // No answer is what a path that is down gives, too.
      return undefined
    } finally {
      // Nobody reads the body, and one without an end would hold the connection.
      abort()
      clock.clearTimer(timer)
      signal.removeEventListener('abort', abort)
    }
  }
}

// A redirect, to a page where people log in for example, is an answer and not to be followed.
const how = { cache: 'no-store', redirect: 'manual' }

function whereToAsk(url: string, healthUrl: UrlSource | false | undefined): string | undefined {
  const { location } = platform
  if (healthUrl === false) return undefined
  const target = resolveUrl(healthUrl ?? url, baseUrl()).replace(/^ws/, 'http')
  // Without being asked to, nobody is bothered with requests that the browser would hide the answers of.
  return healthUrl !== undefined || (location && `${target}/`.startsWith(`${location.origin}/`))
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

/** The window that a `Retry-After` asks for: seconds, or a date. */
function retryAfter(text: string | null, wall: number): Window | undefined {
  if (!text) return undefined
  const delay = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - wall
  if (!(delay >= 0)) return undefined
  const min = Math.min(delay, longestHint)
  return [min, min * (1 + spread)]
}
