import type { RequestLike } from './ports.ts'

/** How long the URL and each header may be that are kept, in UTF-16 units. */
const maxUrl = 1_024
const maxHeader = 256
/** The headers that say where a request came from. */
const origins = ['host', 'origin', 'forwarded', 'x-forwarded-for', 'x-real-ip']

/**
 * Returns the part of a request that is kept once the client is known: its origin. The rest of an `IncomingMessage`,
 * cookies included, would be larger than everything else that is held for a client.
 */
export function keptRequest({ url, headers, socket }: RequestLike): RequestLike {
  const kept: Record<string, RequestLike['headers'][string]> = {}
  for (const name of origins) {
    const value = headers[name]
    if (value !== undefined && String(value).length <= maxHeader) kept[name] = value
  }
  return { url: url && cut(url), headers: kept, socket: { remoteAddress: socket?.remoteAddress } }
}

/** Copies a part of a text, because a substring keeps the whole text in memory. */
function cut(text: string): string {
  return text.length > maxUrl ? Buffer.from(text.slice(0, maxUrl)).toString() : text
}
