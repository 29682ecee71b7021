import type { Clock } from '@holdfast/protocol'

/**
 * Returns whether this is the first of its kind in a while. For later ones it returns false, until the interval is
 * over.
 */
export type IsFirstOfKind = (kind: string) => boolean

/** How long the first of a kind stands for all later ones, in milliseconds. */
const interval = 60_000
/** How many kinds are distinguished in that time; further ones are never the first. */
const maxKinds = 100

export function createFirstOfKind(clock: Clock): IsFirstOfKind {
  // In the order of time.
  const moments = new Map<string, number>()
  return (kind) => {
    const now = clock.now()
    for (const [known, at] of moments) {
      if (now - at < interval) break
      moments.delete(known)
    }
    if (moments.has(kind) || moments.size >= maxKinds) return false
    moments.set(kind, now)
    return true
  }
}
