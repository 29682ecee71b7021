import { utf8Length } from '@holdfast/protocol'
import { baseUrl, readUrl, resolveUrl } from '../platform/url.ts'

const platform = globalThis as unknown as {
  readonly DOMException?: new (message: string, name: string) => Error
}

/** The exception of the standard, or an error of its name where there is none. */
export function domException(name: string, message: string): Error {
  return platform.DOMException
    ? new platform.DOMException(message, name)
    : Object.assign(new Error(message), { name })
}

/**
 * The absolute URL, as the constructor of the standard computes it.
 *
 * @throws {DOMException} `SyntaxError`
 */
export function socketUrl(source: unknown): string {
  const text = String(source)
  try {
    const url = resolveUrl(text, baseUrl())
    if (!text.includes('#')) return readUrl(url, 'href') ?? url
  } catch {
    // Reported below.
  }
  throw domException('SyntaxError', `'${text}' is not the URL of a WebSocket`)
}

/**
 * The subprotocols as a list.
 *
 * @throws {DOMException} `SyntaxError` for repeated ones, and for what is no token
 * @see RFC 9110, section 5.6.2
 */
export function socketProtocols(protocols: string | readonly string[] | null | undefined): string[] {
  const names = typeof protocols === 'string' ? [protocols] : Array.from(protocols ?? [], String)
  const isToken = (name: string): boolean => /^[\w!#$%&'*+.^`|~-]+$/.test(name)
  if (!names.every(isToken) || new Set(names.map((name) => name.toLowerCase())).size < names.length)
    throw domException('SyntaxError', 'subprotocols must be different tokens')
  return names
}

/**
 * The arguments of `close()`.
 *
 * @throws {DOMException} `InvalidAccessError` for the code, `SyntaxError` for the reason
 */
export function checkClosing(code: number | undefined, reason: string | undefined): void {
  const number = Math.round(Number(code))
  if (code !== undefined && number !== 1000 && !(number >= 3000 && number <= 4999))
    throw domException('InvalidAccessError', 'the code must be 1000, or from 3000 to 4999')
  if (typeof reason === 'string' && byteLength(reason) > 123)
    throw domException('SyntaxError', 'the reason must not have more than 123 bytes')
}

/** In UTF-8. A lone surrogate becomes U+FFFD on the way. */
export function byteLength(text: string): number {
  const bytes = utf8Length(text)
  return bytes < 0 ? utf8Length(text.replace(/\p{Surrogate}/gu, '\ufffd')) : bytes
}
