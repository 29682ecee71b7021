/** Chance that can be repeated. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** An integer from 0 on, below that. */
  below(limit: number): number
  /** An integer from `min` to `max`, both included. */
  between(min: number, max: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
  /** Spread evenly over the orders of magnitude: short ones are as likely as long ones. */
  scale(min: number, max: number): number
  bytes(count: number): Uint8Array
}

/**
 * Makes a generator (sfc32). Streams of one seed have nothing in common, so that what is left out of one part of a run
 * does not change the chances of the others.
 */
export function createRandom(seed: number, stream: number): Random {
  let a = seed | 0
  let b = Math.trunc(seed / 2 ** 32) ^ (stream * 0x9e37_79b9)
  let c = stream | 0
  let count = 1

  const word = (): number => {
    const sum = (((a + b) | 0) + count) | 0
    count = (count + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum >>> 0
  }
  for (let round = 0; round < 15; round++) word()

  const random: Random = {
    next: () => word() / 2 ** 32,
    below: (limit) => Math.floor(random.next() * limit),
    between: (min, max) => min + random.below(max - min + 1),
    chance: (probability) => random.next() < probability,
    pick: (items) => items[random.below(items.length)]!,
    scale: (min, max) => Math.round(min * (max / min) ** random.next()),
    bytes: (length) => Uint8Array.from({ length }, () => word() & 255),
  }
  return random
}
