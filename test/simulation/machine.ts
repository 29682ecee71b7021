import type { Clock } from '@holdfast/protocol'

/** The clock of one machine in the world: it can sleep, run inexactly, and stop permanently. */
export interface Machine {
  readonly clock: Clock
  readonly isAsleep: boolean
  /** How many timers are set. */
  readonly pending: number
  /** No timer fires until it wakes. With `stops`, its steady clock does not count that time, and its timers wait on. */
  sleep(style: 'stops' | 'runs'): void
  wake(): void
  /** The wall clock is set. */
  jump(ms: number): void
  /** No timer fires any more. */
  halt(): void
}

/** How late, or how early, a timer of that delay fires, in milliseconds. */
export type Lateness = (delay: number) => number

interface Timer {
  readonly callback: () => void
  /** By the steady clock of the machine. */
  readonly due: number
  base: unknown
}

export function createMachine(base: Clock, lateness: Lateness): Machine {
  const timers = new Set<Timer>()
  /** What was due while the machine slept. */
  let missed: Timer[] = []
  let asleepFor = 0
  let isHalted = false
  let skew = 0
  let asleep: { readonly since: number; readonly style: 'stops' | 'runs' } | undefined

  /** Stands still while a machine sleeps whose steady clock does. */
  const now = (): number => (asleep?.style === 'stops' ? asleep.since : base.now()) - asleepFor
  const fire = (timer: Timer): void => {
    if (asleep) return void missed.push(timer)
    timers.delete(timer)
    timer.callback()
  }
  const arm = (timer: Timer, delay: number): void => {
    timer.base = base.setTimer(() => fire(timer), delay)
  }

  return {
    clock: {
      now,
      wall: () => Math.floor(base.wall() + skew),
      setTimer(callback, delay) {
        const timer: Timer = { callback, due: now() + delay, base: undefined }
        // Promises go on after the end of a process, and must not bring it back.
        if (isHalted) return timer
        timers.add(timer)
        arm(timer, Math.max(0, delay + lateness(delay)))
        return timer
      },
      clearTimer(handle) {
        const timer = handle as Timer | undefined
        if (!timer || !timers.delete(timer)) return
        base.clearTimer(timer.base)
        if (missed.length > 0) missed = missed.filter((other) => other !== timer)
      },
    },
    get isAsleep() {
      return asleep !== undefined
    },
    get pending() {
      return timers.size
    },
    sleep: (style) => void (asleep ??= { since: base.now(), style }),
    wake() {
      if (!asleep) return
      const { since, style } = asleep
      asleep = undefined
      if (style === 'stops') {
        asleepFor += base.now() - since
        missed = []
        for (const timer of timers) {
          base.clearTimer(timer.base)
          arm(timer, Math.max(0, timer.due - now()))
        }
      } else for (const timer of missed.splice(0)) arm(timer, 0)
    },
    jump: (ms) => void (skew += ms),
    halt() {
      isHalted = true
      for (const timer of timers) base.clearTimer(timer.base)
      timers.clear()
      missed = []
    },
  }
}
