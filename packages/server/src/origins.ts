import { misuse } from '@holdfast/protocol'
import { createHostCheck } from './hosts.ts'
import type { Hosts } from './hosts.ts'
import type { RequestLike } from './ports.ts'
import { ignoreRejection } from './trouble.ts'
import type { ReportTrouble } from './trouble.ts'

/**
 * The web pages that may connect: exact origins, such as `https://example.com`, any with `'*'`, or a function. The
 * function must be synchronous, and only `true` accepts the page.
 */
export type Origins = '*' | readonly string[] | ((origin: string, request: RequestLike) => boolean)

/**
 * The objection to the page of a request: its origin, the name under which it has reached the server, or none.
 * `failed` if the application could not decide.
 */
export type PageVerdict = 'welcome' | 'origin' | 'host' | 'failed'

/**
 * A request without an `Origin` does not come from a page, and is accepted. `server` is the server that received it,
 * if known.
 */
export type CheckPage = (request: RequestLike, server?: unknown) => PageVerdict

export interface PageCheckOptions {
  readonly origins: Origins | undefined
  readonly hosts: Hosts | undefined
  readonly reportTrouble: ReportTrouble
}

/**
 * Without `origins`, a page must come from the host that it connects to.
 *
 * @throws {HoldfastError} `misuse` for an origin or a host that no browser sends
 * @see RFC 6454, section 7; RFC 6455, section 10.2
 */
export function createPageCheck({ origins, hosts, reportTrouble }: PageCheckOptions): CheckPage {
  const list = Array.isArray(origins) ? new Set(origins as readonly unknown[]) : undefined
  for (const origin of list ?? []) checkOrigin(origin)
  if (!list && origins !== undefined && origins !== '*' && typeof origins !== 'function')
    throw misuse("origins must be '*', a list such as ['https://example.com'], or a function")
  // A page that was accepted by its origin needs no check of the name.
  const isHostWelcome = createHostCheck(hosts, origins === undefined)

  const askApplication = (origin: string, request: RequestLike): PageVerdict => {
    try {
      const answer: unknown = (origins as (origin: string, request: RequestLike) => unknown)(origin, request)
      if (answer === true) return 'welcome'
      if (answer !== false) complain(answer)
      return 'origin'
    } catch (error) {
      reportTrouble('origins', error)
      return 'failed'
    }
  }

  const complain = (answer: unknown): void => {
    ignoreRejection(answer)
    reportTrouble(
      'origins',
      misuse('origins must return true or false synchronously: a promise refuses the page'),
    )
  }

  return (request, server) => {
    const { origin } = request.headers
    if (origin === undefined) return 'welcome'
    if (typeof origin !== 'string') return 'origin'
    if (!isHostWelcome(request, server)) return 'host'
    if (typeof origins === 'function') return askApplication(origin, request)
    const isWelcome = list ? list.has(origin) : origins === '*' || isSameHost(origin, request)
    return isWelcome ? 'welcome' : 'origin'
  }
}

/** @throws {HoldfastError} `misuse` for an origin that is not written as browsers send it */
function checkOrigin(origin: unknown): void {
  if (typeof origin !== 'string') throw misuse(`${String(origin)} is not an origin: write a text`)
  const fault = faultOf(origin)
  if (fault) throw misuse(`'${origin}' is not an origin: ${fault}`)
}

function faultOf(origin: string): string | undefined {
  if (origin.includes('*')) return "write '*' in place of the list for all pages, or a function for some"
  // Frames in a sandbox, and pages of files.
  if (origin === 'null') return undefined
  if (!/^[a-z][a-z\d+.-]*:\/\//.test(origin))
    return `write a scheme and a host, such as '${originOf(origin) ?? originOf(`http://${origin}`) ?? 'https://example.com'}'`
  if (/^(wss?|ftp):/.test(origin)) return 'write that of a page, which begins with http or https'
  if (!/^https?:/.test(origin))
    return /^[^/]*\/\/[^\s/?#@]*$/.test(origin) ? undefined : 'write a scheme and a host, without a path'
  const serialized = originOf(origin)
  if (serialized === origin) return undefined
  return `write a scheme and a host, without a path${serialized ? `: '${serialized}'` : ''}`
}

/** The origin of an http or https page. */
function originOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined
  const { origin } = new URL(url)
  return origin.startsWith('http') ? origin : undefined
}

function isSameHost(origin: string, request: RequestLike): boolean {
  const { host } = request.headers
  if (typeof host !== 'string' || !URL.canParse(origin)) return false
  const page = new URL(origin)
  // An origin has no path and no user, and that of a file has no host.
  if (page.host !== host.toLowerCase() || page.origin !== origin.toLowerCase()) return false
  return page.protocol === 'https:' || (page.protocol === 'http:' && !isSecure(request))
}

/**
 * Returns whether the page has connected over TLS, as far as it is known: a proxy may have ended TLS, and may report
 * it. A page cannot set that header.
 */
function isSecure({ headers, socket }: RequestLike): boolean {
  return socket?.encrypted === true || /^(https|wss)\b/i.test(String(headers['x-forwarded-proto'] ?? ''))
}
