import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/**
 * Whether a page may connect. A browser lets every page connect to every server, but tells the page's origin. Other
 * programs tell none.
 *
 * A name that somebody else owns may resolve to this machine, and a page of that name is then one of the same host. So
 * who connects from this machine must have come by a name that only leads here, or through a proxy.
 */
export function isOwnPage(origin: string | undefined, { headers, socket }: IncomingMessage): boolean {
  if (!origin) return true
  const page = URL.parse(origin)
  if (!page || page.host !== headers.host) return false
  const isFromHere = /^(127\.|::1$|::ffff:127\.)/.test(socket.localAddress ?? '')
  return !isFromHere || isLocalName(page.hostname) || headers['x-forwarded-for'] !== undefined
}

function isLocalName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || isIP(name.replace(/^\[|\]$/g, '')) > 0
}
