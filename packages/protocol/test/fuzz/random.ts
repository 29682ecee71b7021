/** A whole number from 0 on, below the one given. */
export type Random = (below: number) => number

/** Reproducible, and as random as this needs to be. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random(items.length)]!
}

/** A place in something of that length: anywhere, or close to one of its ends, where more is decided. */
export function placeIn(random: Random, length: number): number {
  const kind = random(4)
  if (kind === 0) return Math.min(length, random(4))
  if (kind === 1) return Math.max(0, length - random(4))
  return random(length + 1)
}
