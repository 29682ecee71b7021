/** A source of numbers in [0, 1) that is the same for the same seed: mulberry32. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** How long a packet takes from a client to the server or back, in milliseconds: a number for each client. */
export function latencies(clients: number, random: () => number): Float64Array {
  return Float64Array.from({ length: clients }, () => 10 + 90 * random())
}

/** The middle one of several numbers. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}
