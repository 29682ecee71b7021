/**
 * Returns a generator of random numbers in [0, 1) that are the same for the same seed, so that a run is reproducible.
 * Not for secrets.
 *
 * @example
 * const client = createClient({ url, ports: { random: createRandom(7) } })
 * @see mulberry32, by Tommy Ettinger
 */
export function createRandom(seed: number): () => number {
  let state = Math.trunc(seed) | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
