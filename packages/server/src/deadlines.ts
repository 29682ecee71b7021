import { longestTimer } from '@holdfast/protocol'
import type { Clock } from '@holdfast/protocol'

/** Things of which each is due at the same time after it was added, with one timer for all of them. */
export interface Deadlines<T> {
  readonly size: number
  /** Makes the thing due after the delay from now on, also if it was added before. */
  add(item: T): void
  delete(item: T): void
  /** Whether the thing is due, and only waits until `due` was called for others. */
  isOverdue(item: T): boolean
  /** All of them; those that are due first come first. */
  items(): Iterable<T>
  clear(): void
}

/** How long `due` may be called in one go before other work gets a turn, in milliseconds. */
const sliceLength = 10

/** `due` is called for each thing, which is forgotten by then: never early, and a little late. */
export function createDeadlines<T>(clock: Clock, delay: number, due: (item: T) => void): Deadlines<T> {
  // Many things must not need as many timers, so one waits for those that come soon after.
  const slack = delay / 50
  // As all wait for the same time, the order of insertion is the order in which they are due.
  const moments = new Map<T, number>()
  const overdue = new Set<T>()
  let timer: unknown
  let isFiring = false

  const start = (): void => {
    if (isFiring || timer !== undefined) return
    if (overdue.size > 0) return void (timer = clock.setTimer(fire, 0))
    const [first] = moments.values()
    if (first === undefined) return
    const wait = Math.ceil(Math.max(0, first - clock.now()) + slack)
    timer = clock.setTimer(fire, Math.min(wait, longestTimer))
  }

  const fire = (): void => {
    timer = undefined
    isFiring = true
    const startedAt = clock.now()
    for (const [item, at] of moments) {
      if (at > startedAt) break
      moments.delete(item)
      overdue.add(item)
    }
    try {
      for (const item of overdue) {
        overdue.delete(item)
        due(item)
        if (clock.now() - startedAt > sliceLength) break
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
      if (isDeleted && moments.size + overdue.size === 0) stop()
    },
    isOverdue: (item) => overdue.has(item),
    *items() {
      yield* overdue
      yield* moments.keys()
    },
    clear() {
      moments.clear()
      overdue.clear()
      stop()
    },
  }
}
