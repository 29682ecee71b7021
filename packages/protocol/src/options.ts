import { misuse } from './errors.ts'
import { utf8Length } from './limits.ts'

/** The options without those that are undefined, which JavaScript callers use for "not set". */
export function given<T extends object>(options: T | undefined): Partial<T> {
  return Object.fromEntries(
    Object.entries(options ?? {}).filter(([, value]) => value !== undefined),
  ) as Partial<T>
}

/**
 * Rejects unknown names, which are most likely misspelled.
 *
 * @throws {HoldfastError} `misuse`, with the known names
 */
export function checkNames(names: readonly string[], known: string): void {
  for (const name of names)
    if (!known.split(', ').includes(name)) throw misuse(`'${name}' is not one of ${known}`)
}

/** @throws {HoldfastError} `misuse` for what is not a span of time */
export function checkTime(name: string, value: number | undefined): void {
  if (value !== undefined && !(value >= 0)) throw misuse(`${name} must be a number of 0 or more`)
}

/**
 * @throws {HoldfastError} `misuse` for a code or a reason with which an application cannot close a connection
 * @see WHATWG WebSockets, section 3.1, `close`
 */
export function checkClose(code = 1000, reason = ''): void {
  const isCode = Number.isInteger(code) && (code === 1000 || (code > 2999 && code < 5000))
  // Unsigned, because of the -1 for lone surrogates.
  if (!isCode || typeof reason !== 'string' || utf8Length(reason) >>> 0 > 123)
    throw misuse('no connection closes with that code or reason')
}
