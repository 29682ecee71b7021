import type { Clock } from '@holdfast/protocol'

/** Returns the same clock, and the set of timers that were set through it. */
export function countingClock(clock: Clock): [clock: Clock, timers: ReadonlySet<unknown>] {
  const timers = new Set<unknown>()
  return [
    {
      now: () => clock.now(),
      wall: () => clock.wall(),
      setTimer(callback, delay, keepsAlive) {
        const timer = clock.setTimer(
          () => {
            timers.delete(timer)
            callback()
          },
          delay,
          keepsAlive,
        )
        timers.add(timer)
        return timer
      },
      clearTimer(timer) {
        timers.delete(timer)
        clock.clearTimer(timer)
      },
    },
    timers,
  ]
}
