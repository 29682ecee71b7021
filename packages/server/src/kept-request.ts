import type { RequestLike } from './ports.ts'

/** How long the URL and each header may be that are kept, in UTF-16 units. */
const maxUrl = 1_024
const maxHeader = 256
/** The headers that say where a request came from. */
const origins = ['host', 'origin', 'forwarded', 'x-forwarded-for', 'x-real-ip']

/**
 * What is kept of the request of a connection, once the client is known: as much as says where it came from. The rest of an
 * `IncomingMessage`, its cookies first of all, would be larger than all else that is held for a client.
 */
export function keptRequest({ url, headers, socket }: RequestLike): RequestLike {
  const kept: Record<string, RequestLike['headers'][string]> = {}
  for (const name of origins) {
    const value = headers[name]
    if (value !== undefined && String(value).length <= maxHeader) kept[name] = value
  }
  return { url: url && cut(url), headers: kept, socket: { remoteAddress: socket?.remoteAddress } }
}

/** A part of a text keeps the whole in memory, so this makes a copy of it. */
function cut(text: string): string {
  return text.length > maxUrl ? Buffer.from(text.slice(0, maxUrl)).toString() : text
}
