/** A random id with 128 bits, where the generator of the platform has as many. */
export function randomId(random: () => number): string {
  return Array.from({ length: 4 }, () => Math.floor(random() * 2 ** 32).toString(36)).join('')
}
