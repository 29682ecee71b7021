import { longestTimer } from '@holdfast/protocol'
import type { Clock } from '@holdfast/protocol'

/** Items that are all due after the same delay, with one timer for all of them. */
export interface Deadlines<T> {
  readonly size: number
  /** Makes the item due after the delay from now on, even if it was added before. */
  add(item: T): void
  delete(item: T): void
  /** All items, in the order in which they are due. */
  items(): Iterable<T>
  clear(): void
}

/** How long items are processed before other work gets a turn, in milliseconds. */
const sliceLength = 10

/**
 * `due` is called for each item after its removal: never early, and a little late. The function that it passes to
 * `afterwards` is called when no other item is due, so it does not see the items that are due at the same time.
 */
export function createDeadlines<T>(
  clock: Clock,
  delay: number,
  due: (item: T, afterwards: (next: () => void) => void) => void,
): Deadlines<T> {
  // One timer serves all items that are due soon after each other.
  const slack = delay / 50
  // All items wait for the same time, so they are due in the order of insertion.
  const moments = new Map<T, number>()
  const overdue = new Set<T>()
  const followers = new Set<() => void>()
  const afterwards = (next: () => void): void => void followers.add(next)
  let timer: unknown
  let isFiring = false

  const start = (): void => {
    if (isFiring || timer !== undefined) return
    if (overdue.size + followers.size > 0) return void (timer = clock.setTimer(fire, 0))
    const [first] = moments.values()
    if (first === undefined) return
    const wait = Math.ceil(Math.max(0, first - clock.now()) + slack)
    timer = clock.setTimer(fire, Math.min(wait, longestTimer))
  }

  const fire = (): void => {
    timer = undefined
    isFiring = true
    const startedAt = clock.now()
    const isOver = (): boolean => clock.now() - startedAt > sliceLength
    for (const [item, at] of moments) {
      if (at > startedAt) break
      moments.delete(item)
      overdue.add(item)
    }
    try {
      for (const item of overdue) {
        overdue.delete(item)
        due(item, afterwards)
        if (isOver()) return
      }
      for (const next of followers) {
        followers.delete(next)
        next()
        if (isOver()) return
      }
    } finally {
      isFiring = false
      start()
    }
  }

  const stop = (): void => {
    clock.clearTimer(timer)
    timer = undefined
  }

  return {
    get size() {
      return moments.size + overdue.size
    },
    add(item) {
      overdue.delete(item)
      moments.delete(item)
      moments.set(item, clock.now() + delay)
      start()
    },
    delete(item) {
      const isDeleted = moments.delete(item) || overdue.delete(item)
      if (isDeleted && moments.size + overdue.size + followers.size === 0) stop()
    },
    *items() {
      yield* overdue
      yield* moments.keys()
    },
    clear() {
      moments.clear()
      overdue.clear()
      stop()
      for (const next of followers) next()
      followers.clear()
    },
  }
}
