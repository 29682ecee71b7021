import { baseUrl, readUrl, resolveUrl } from '../platform/url.ts'

const platform = globalThis as unknown as {
  readonly DOMException?: new (message: string, name: string) => Error
}

/** The arguments of `close()`. */
export type Closing = readonly [code?: number, reason?: string]

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
 * @throws {TypeError} if there is none
 */
export function socketUrl(source: unknown): string {
  if (source === undefined) throw new TypeError('a WebSocket needs a URL')
  const given = textOf(source)
  try {
    const url = resolveUrl(given, baseUrl())
    if (!given.includes('#')) return readUrl(url, 'href') ?? url
  } catch {
    // Reported below.
  }
  throw domException('SyntaxError', `'${given}' is not the URL of a WebSocket`)
}

/**
 * The subprotocols as a list.
 *
 * @throws {DOMException} `SyntaxError` for repeated ones, and for what is no token
 * @see RFC 9110, section 5.6.2
 */
export function socketProtocols(protocols: unknown): string[] {
  // The standard also takes an object with them, and browsers ignore objects without.
  const { protocols: given = protocols ?? [] } = Object(protocols) as { protocols?: unknown }
  const names = typeof given === 'object' ? Array.from(given as string[], textOf) : [textOf(given)]
  const isToken = (name: string): boolean => /^[\w!#$%&'*+.^`|~-]+$/.test(name)
  if (!names.every(isToken) || new Set(names.map((name) => name.toLowerCase())).size < names.length)
    throw domException('SyntaxError', 'subprotocols must be different tokens')
  return names
}

/**
 * Checks the arguments of `close()`. A code is rounded to the nearest integer, to the even one if there are two.
 *
 * @throws {DOMException} `InvalidAccessError` for the code, `SyntaxError` for the reason
 */
export function checkClosing([code, reason]: Closing): void {
  const isAllowed = code === undefined || Math.abs(code - 1000) <= 0.5 || (code >= 2999.5 && code < 4999.5)
  if (!isAllowed) throw domException('InvalidAccessError', 'the code must be 1000 or 3000 to 4999')
  if (reason !== undefined && byteLength(textOf(reason)) > 123)
    throw domException('SyntaxError', 'the reason has more than 123 bytes')
}

/** In UTF-8. A lone surrogate becomes U+FFFD on the way, which has as many bytes. */
export function byteLength(text: string): number {
  let bytes = 0
  for (const character of text)
    bytes += character < '\x80' ? 1 : character < '\u0800' ? 2 : character.length + 2
  return bytes
}

/**
 * A value as text, as Web IDL has it.
 *
 * @throws {TypeError} for a symbol
 */
export function textOf(value: unknown): string {
  return `${value as number}`
}
