import type { RequestLike } from './ports.ts'

/** The maximum length of the kept URL and headers, in UTF-16 units. */
const maxUrl = 1_024
const maxHeaders = 2_048
/** Large, eventually out of date, and sensitive. */
const secrets = new Set(['cookie', 'authorization', 'proxy-authorization'])

/**
 * Returns the part of a request that is kept once the client is known: its origin. The rest of an `IncomingMessage`,
 * cookies included, would be larger than everything else that is held for a client.
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

/** Copies a part of a text, because a substring keeps the whole text in memory. */
function cut(text: string): string {
  return text.length > maxUrl ? Buffer.from(text.slice(0, maxUrl)).toString() : text
}
