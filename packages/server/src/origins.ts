import { misuse } from '@holdfast/protocol'
import { createHostCheck } from './hosts.ts'
import type { Hosts } from './hosts.ts'
import type { RequestLike } from './ports.ts'
import { ignoreRejection } from './trouble.ts'
import type { ReportTrouble } from './trouble.ts'

/**
 * Which web pages may connect: exact origins, such as `https://example.com`, any with `'*'`, or what the function says.
 * It must answer at once, and only `true` lets the page in.
 */
export type Origins = '*' | readonly string[] | ((origin: string, request: RequestLike) => boolean)

/**
 * What speaks against the page that a request comes from: its origin, the name under which it has reached the server, or
 * nothing. `failed` when the application could not tell.
 */
export type PageVerdict = 'welcome' | 'origin' | 'host' | 'failed'

/** A request without an `Origin` comes from no page, and is welcome. `server` is the one that took it, if that is known. */
export type CheckPage = (request: RequestLike, server?: unknown) => PageVerdict

export interface PageCheckOptions {
  readonly origins: Origins | undefined
  readonly hosts: Hosts | undefined
  readonly reportTrouble: ReportTrouble
}

/**
 * Without origins to go by, a page must come from the host that it connects to.
 *
 * @throws {HoldfastError} `misuse` for an origin or a host that no browser sends
 * @see RFC 6454, section 7; RFC 6455, section 10.2
 */
export function createPageCheck({ origins, hosts, reportTrouble }: PageCheckOptions): CheckPage {
  const list = Array.isArray(origins) ? new Set(origins as readonly unknown[]) : undefined
  for (const origin of list ?? []) checkOrigin(origin)
  if (!list && origins !== undefined && origins !== '*' && typeof origins !== 'function')
    throw misuse("origins must be '*', a list such as ['https://example.com'], or a function")
  // A page that has been let in by its origin does not depend on the name that it came by.
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
      misuse('origins must answer true or false, and at once: a promise lets nobody in'),
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
  if (typeof origin !== 'string') throw misuse(`${String(origin)} is no origin: that is text`)
  const fault = faultOf(origin)
  if (fault) throw misuse(`'${origin}' is no origin: ${fault}`)
}

function faultOf(origin: string): string | undefined {
  if (origin.includes('*'))
    return "'*' stands for all origins, and in place of the list only; for some, give a function"
  // Frames in a sandbox, and pages of files.
  if (origin === 'null') return undefined
  if (!/^[a-z][a-z\d+.-]*:\/\//.test(origin))
    return `that is a scheme and a host, such as '${originOf(origin) ?? originOf(`http://${origin}`) ?? 'https://example.com'}'`
  if (/^(wss?|ftp):/.test(origin)) return 'it is that of a page, which begins with http or https'
  if (!/^https?:/.test(origin))
    return /^[^/]*\/\/[^\s/?#@]*$/.test(origin) ? undefined : 'that is a scheme and a host, without a path'
  const serialized = originOf(origin)
  if (serialized === origin) return undefined
  return `that is a scheme and a host, without a path${serialized ? `: write '${serialized}'` : ''}`
}

/** The origin of a page of http or https. */
function originOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined
  const { origin } = new URL(url)
  return origin.startsWith('http') ? origin : undefined
}

function isSameHost(origin: string, request: RequestLike): boolean {
  const { host } = request.headers
  if (typeof host !== 'string' || !URL.canParse(origin)) return false
  const page = new URL(origin)
  // What has a path or a user in it is no origin, and that of a file has no host.
  if (page.host !== host.toLowerCase() || page.origin !== origin.toLowerCase()) return false
  return page.protocol === 'https:' || (page.protocol === 'http:' && !isSecure(request))
}

/**
 * Whether the page has connected by TLS, as far as that is known: a proxy may have ended it, and may say so. A page
 * cannot set that header itself.
 */
function isSecure({ headers, socket }: RequestLike): boolean {
  return socket?.encrypted === true || /^(https|wss)\b/i.test(String(headers['x-forwarded-proto'] ?? ''))
}
