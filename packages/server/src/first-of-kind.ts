import type { Clock } from '@holdfast/protocol'

/** Whether this is the first of its kind in a while. Of those that follow it says no, until the while is over. */
export type IsFirstOfKind = (kind: string) => boolean

/** For how long the first of a kind speaks for all that follow, in milliseconds. */
const interval = 60_000
/** How many kinds are told apart in that time; those above are not the first of anything. */
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
