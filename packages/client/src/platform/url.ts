import { misuse } from '@holdfast/protocol'

/** A URL, as text or as a `URL`. */
export type UrlSource = string | { readonly href: string }

/** The parts of the platform's `URL` and page that Holdfast uses. */
const platform = globalThis as unknown as {
  readonly URL?: new (url: string, base?: string) => { readonly href: string; readonly origin: string }
  readonly document?: { readonly baseURI?: string }
  readonly location?: { readonly href: string }
}

/** Returns the base of relative URLs, as the platform defines it: in a blank frame, that of the page around it. */
export function baseUrl(): string | undefined {
  return platform.document?.baseURI ?? platform.location?.href
}

/** Returns a part of an absolute URL; undefined for an invalid one, and where the platform cannot tell. */
export function readUrl(url: string | undefined, part: 'href' | 'origin'): string | undefined {
  try {
    return new platform.URL!(url!)[part]
  } catch {
    return undefined
  }
}

/** Returns whether both URLs have the same origin. False for invalid URLs. */
export function isSameOrigin(url: string | undefined, other: string | undefined): boolean {
  const origin = readUrl(url, 'origin')
  return origin !== undefined && origin === readUrl(other, 'origin')
}

/**
 * Returns the absolute URL for the URL of the user, without a fragment, which sockets do not allow: `ws:`, `wss:`, or
 * the `ws+unix:` of the package `ws`.
 *
 * Absolute text is only validated, because not every platform has a `URL`, and that of React Native accepts no base
 * with these schemes and modifies its input.
 *
 * @throws {HoldfastError} `misuse`
 * @see WHATWG WebSockets, section 3.1, and the change of 2023 that lets browsers accept `http:` and relative URLs
 */
export function resolveUrl(source: UrlSource, base: string | undefined): string {
  const text = typeof source === 'string' ? source : source?.href
  try {
    const isAbsolute = isSocketUrl(text)
    const isChecked = !isAbsolute || platform.URL
    const parsed = isChecked && new platform.URL!(text, isAbsolute ? undefined : base)
    const url = (isAbsolute || !parsed ? text : parsed.href).replace(/^http/, 'ws').replace(/#[^]*/, '')
    if (typeof text === 'string' && isSocketUrl(url)) return url
  } catch {
    // Reported below.
  }
  throw misuse(`url must be like ws://localhost:8080/ws, not ${text}`)
}

function isSocketUrl(text: string): boolean {
  return /^(wss?:\/\/|ws\+unix:)/i.test(text)
}
