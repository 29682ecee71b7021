import type { RequestLike } from './ports.ts'

/** How long the URL and the headers may be that are kept, in UTF-16 units. */
const maxUrl = 1_024
const maxHeaders = 2_048
/** Large, out of date sooner or later, and nothing that should lie in memory. */
const secrets = new Set(['cookie', 'authorization', 'proxy-authorization'])

/**
 * What is kept of the request of a connection, once the client is known: as much as says where it came from. The rest of an
 * `IncomingMessage`, its cookies first of all, would be larger than all else that is held for a client.
 */
export function keptRequest({ url, headers, socket }: RequestLike): RequestLike {
  let left = maxHeaders
  const kept = Object.entries(headers).filter(([name, value]) => {
    const length = name.length + String(value).length
    if (secrets.has(name) || length > left) return false
    left -= length
    return true
  })
  const { remoteAddress } = socket ?? {}
  return { url: url && cut(url), headers: Object.fromEntries(kept), socket: { remoteAddress } }
}

/** A part of a text keeps the whole in memory, so this makes a copy of it. */
function cut(text: string): string {
  return text.length > maxUrl ? Buffer.from(text.slice(0, maxUrl)).toString() : text
}
