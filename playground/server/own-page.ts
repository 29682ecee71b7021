import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/**
 * Returns whether a page may connect. A browser lets every page connect to every server, but sends the page's origin.
 * Other programs send none.
 *
 * A foreign domain name may resolve to this machine, and a page of that name then has the same host. So a client on
 * this machine must have used a name that only resolves here, or a proxy.
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
