import { isIP } from 'node:net'
import { misuse } from '@holdfast/protocol'
import type { RequestLike } from './ports.ts'

/** The names under which pages may reach the server, on any port; any name with `'*'`. */
export type Hosts = '*' | readonly string[]

/**
 * Creates the check whether a page has reached the server under an accepted name.
 *
 * A foreign domain name may resolve to the address of this server. To the browser, and by its `Origin` and `Host`, a
 * page of that name has the same host: only the name itself shows the difference.
 *
 * @throws {HoldfastError} `misuse` for an invalid host
 */
export function createHostCheck(
  hosts: Hosts | undefined,
  isDefault: boolean,
): (request: RequestLike, server: unknown) => boolean {
  if (hosts === undefined)
    return (request, server) =>
      !isDefault || !isOnLoopback(server, request) || isProxied(request) || isLocalName(request)
  if (hosts === '*') return () => true
  if (!Array.isArray(hosts)) throw misuse("hosts must be '*' or a list such as ['example.com']")
  const list = new Set((hosts as readonly string[]).map(normalize))
  return (request) => list.has(nameOf(request))
}

function normalize(host: unknown): string {
  const isName = typeof host === 'string' && /^(\[[\da-f:.]+\]|[^\s:/?#@*[\]]+)$/i.test(host)
  if (isName && URL.canParse(`http://${host}`)) return new URL(`http://${host}`).hostname
  throw misuse(
    `'${String(host)}' is not a host: write a name such as 'example.com', without a scheme and a port`,
  )
}

function nameOf({ headers: { host } }: RequestLike): string {
  return typeof host === 'string' ? host.toLowerCase().replace(/:\d*$/, '') : ''
}

/** An address cannot resolve to another one, unlike a name. */
function isLocalName(request: RequestLike): boolean {
  const name = nameOf(request)
  return name === 'localhost' || name.endsWith('.localhost') || isIP(name.replace(/^\[|\]$/g, '')) > 0
}

/** A page cannot set these headers, so the request comes from a proxy, which decides about names. */
function isProxied({ headers }: RequestLike): boolean {
  return ['forwarded', 'via', 'x-forwarded-for', 'x-real-ip'].some((name) => headers[name] !== undefined)
}

/**
 * Returns whether the server listens on this machine only, by its own report, or by that of the socket if it is not
 * attached.
 */
function isOnLoopback(server: unknown, { socket }: RequestLike): boolean {
  const address = addressOf(server) ?? addressOf(socket?.server)
  return address !== undefined && /^(127\.|::1$|::ffff:127\.)/i.test(address)
}

function addressOf(server: unknown): string | undefined {
  const { address } = (server ?? {}) as { readonly address?: unknown }
  if (typeof address !== 'function') return undefined
  const bound = address.call(server) as { readonly address?: unknown } | string | null
  return typeof bound === 'object' && typeof bound?.address === 'string' ? bound.address : undefined
}
