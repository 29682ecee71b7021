import { misuse } from '@holdfast/protocol'
import type { RequestLike } from './ports.ts'

/**
 * Which web pages may connect: exact origins, such as `https://example.com`, any with `'*'`, or what the function says.
 * It must answer at once; one that throws refuses.
 */
export type Origins = '*' | readonly string[] | ((origin: string, request: RequestLike) => boolean)

/** Whether a request may connect as far as its `Origin` says. One without comes from no page, and passes. */
export type IsWelcome = (request: RequestLike) => boolean

/**
 * Without origins to go by, a page must come from the host that it connects to.
 *
 * @throws {HoldfastError} `misuse` for an origin that no browser sends
 * @see RFC 6454, section 7; RFC 6455, section 10.2
 */
export function createOriginCheck(origins: Origins | undefined, report: (error: unknown) => void): IsWelcome {
  const list = Array.isArray(origins) ? new Set(origins as readonly string[]) : undefined
  for (const origin of list ?? [])
    if (/^https?:/.test(origin) && (!URL.canParse(origin) || new URL(origin).origin !== origin))
      throw misuse(`'${origin}' is no origin: that is a scheme and a host, without a path`)

  const isListed = (origin: string, request: RequestLike): boolean => {
    if (list) return list.has(origin)
    if (typeof origins !== 'function') return origins === '*' || isSameHost(origin, request)
    try {
      return origins(origin, request)
    } catch (error) {
      report(error)
      return false
    }
  }

  return (request) => {
    const { origin } = request.headers
    return origin === undefined || (typeof origin === 'string' && isListed(origin, request))
  }
}

function isSameHost(origin: string, { headers: { host } }: RequestLike): boolean {
  // An origin such as that of a file has no host, and neither has a client that sends an empty one.
  if (typeof host !== 'string' || host === '') return false
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase()
}
