import { misuse } from './errors.ts'
import { utf8Length } from './limits.ts'

/**
 * Returns the options without undefined members, which JavaScript callers pass for "not set". Null counts as no options.
 *
 * @throws {HoldfastError} `misuse` for what is not an object, and for names that are not `known`, unless that is empty
 */
export function given<T extends object>(options: T | null | undefined, known = ''): Partial<T> {
  const all = options ?? {}
  if (typeof all !== 'object') throw misuse(`write { ${known || '…'} }`)
  const chosen = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
  if (known) checkNames(Object.keys(chosen), known)
  return chosen as Partial<T>
}

/** The names of the options that have defaults, as {@link given} takes them. */
export function namesOf(defaults: object): string {
  return Object.keys(defaults).join(', ')
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
    throw misuse('the code must be 1000 or 3000 to 4999, the reason 123 bytes')
}
