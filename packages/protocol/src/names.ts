import { misuse } from './errors.ts'

/**
 * Refuses names that are not known, most likely because they are misspelt.
 *
 * @throws {HoldfastError} `misuse`, with the names that there are
 */
export function checkNames(names: readonly string[], known: string): void {
  for (const name of names)
    if (!known.split(', ').includes(name)) throw misuse(`'${name}' is not one of ${known}`)
}
