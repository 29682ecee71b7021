import { longestTimer } from '@holdfast/protocol'
import type { Clock } from '@holdfast/protocol'

/** Things of which each is due at the same time after it was added, with one timer for all of them. */
export interface Deadlines<T> {
  readonly size: number
  /** Makes the thing due after the delay from now on, also if it was added before. */
  add(item: T): void
  delete(item: T): void
  clear(): void
}

/** `due` is called for each thing, which is forgotten by then, and must not throw: never early, and a little late. */
export function createDeadlines<T>(clock: Clock, delay: number, due: (item: T) => void): Deadlines<T> {
  // Many things must not need as many timers, so one waits for those that come soon after.
  const slack = delay / 50
  // As all wait for the same time, the order of insertion is the order in which they are due.
  const moments = new Map<T, number>()
  let timer: unknown

  const start = (): void => {
    const [first] = moments.values()
    if (first === undefined) return
    const wait = Math.ceil(Math.max(0, first - clock.now()) + slack)
    timer = clock.setTimer(fire, Math.min(wait, longestTimer))
  }

  const fire = (): void => {
    timer = undefined
    const now = clock.now()
    for (const [item, at] of moments) {
      if (at > now) break
      moments.delete(item)
      due(item)
    }
    if (timer === undefined) start()
  }

  const stop = (): void => {
    clock.clearTimer(timer)
    timer = undefined
  }

  return {
    get size() {
      return moments.size
    },
    add(item) {
      moments.delete(item)
      moments.set(item, clock.now() + delay)
      if (timer === undefined) start()
    },
    delete(item) {
      if (moments.delete(item) && moments.size === 0) stop()
    },
    clear() {
      moments.clear()
      stop()
    },
  }
}
