import { misuse } from '@holdfast/protocol'

/** A URL, as text or as a `URL`. */
export type UrlSource = string | { readonly href: string }

/** What Holdfast uses of the platform's `URL`. */
const platform = globalThis as unknown as {
  readonly URL: new (url: string, base?: string) => { readonly href: string; readonly origin: string }
}

/** Whether both URLs lead to one host and port by one protocol. False for what is no URL. */
export function isSameOrigin(url: string, other: string | undefined): boolean {
  try {
    return new platform.URL(url).origin === new platform.URL(other!).origin
  } catch {
    return false
  }
}

/**
 * The absolute `ws:` or `wss:` URL for what the user gave, without a fragment, which sockets do not allow.
 *
 * @throws {HoldfastError} `misuse`
 * @see WHATWG WebSockets, section 3.1, and the change of 2023 that lets browsers take `http:` and relative URLs
 */
export function resolveUrl(source: UrlSource, base: string | undefined): string {
  const text = typeof source === 'string' ? source : source?.href
  try {
    const url = new platform.URL(text, base).href.replace(/^http/, 'ws').replace(/#.*$/, '')
    if (typeof text === 'string' && /^wss?:/.test(url)) return url
  } catch {
    // Told below.
  }
  throw misuse(`url must be like ws://localhost:8080/ws, not ${text}`)
}
