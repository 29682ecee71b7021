import { misuse } from '@holdfast/protocol'

/** A URL, as text or as a `URL`. */
export type UrlSource = string | { readonly href: string }

/** What Holdfast uses of the platform's `URL` and its page. */
const platform = globalThis as unknown as {
  readonly URL?: new (url: string, base?: string) => { readonly href: string; readonly origin: string }
  readonly document?: { readonly baseURI?: string }
  readonly location?: { readonly href: string }
}

/** What relative URLs are relative to, as the platform itself has it: in a blank frame that is the page around it. */
export function baseUrl(): string | undefined {
  return platform.document?.baseURI ?? platform.location?.href
}

/** Whether both URLs lead to one host and port by one protocol. False for what is no URL. */
export function isSameOrigin(url: string, other: string | undefined): boolean {
  try {
    return new platform.URL!(url).origin === new platform.URL!(other!).origin
  } catch {
    return false
  }
}

/**
 * The absolute URL for what the user gave, without a fragment, which sockets do not allow: `ws:`, `wss:`, or the
 * `ws+unix:` of the package `ws`. Text that is absolute already is only checked, because not every platform has a `URL`, and
 * that of React Native takes no base of these schemes and changes what it is given.
 *
 * @throws {HoldfastError} `misuse`
 * @see WHATWG WebSockets, section 3.1, and the change of 2023 that lets browsers take `http:` and relative URLs
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
    // Told below.
  }
  throw misuse(`url must be like ws://localhost:8080/ws, not ${text}`)
}

function isSocketUrl(text: string): boolean {
  return /^(wss?:\/\/|ws\+unix:)/i.test(text)
}
