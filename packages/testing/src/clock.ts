import { longestTimer } from '@holdfast/protocol'
import type { Clock } from '@holdfast/protocol'

/** How a virtual clock differs from an exact one. */
export interface ClockFaults {
  /** Returns when a timer actually fires, in milliseconds, from when it is due and the delay that it was set with. */
  readonly firesAt?: (due: number, delay: number) => number
  /** `now()` returns multiples of this, in milliseconds, as in browsers that make timing attacks harder. */
  readonly resolution?: number
}

/** A clock whose time passes only when a test advances it: the port `clock` of clients and hubs. */
export interface VirtualClock extends Clock {
  /** The number of pending timers. */
  readonly pending: number
  /** When the next timer fires, as `now()` will show it on an exact clock, or undefined if none is set. */
  readonly next: number | undefined
  /**
   * Advances the clock by that many milliseconds, timer by timer, and runs all pending promise callbacks before each
   * timer.
   *
   * `look` is called after each timer, when no promise callback is pending; false ends the call there. Awaits nothing
   * else: real timers and real sockets make no progress.
   *
   * @throws the exception of a timer; later timers wait for the next call
   */
  advance(ms: number, look?: () => boolean): Promise<void>
  /**
   * Simulates a sleep of the machine for that many milliseconds, in which no timer fires.
   *
   * `wall()` advances. Whether `now()` does depends on the platform: with `stops` (Chromium on Linux and macOS)
   * pending timers continue as if no time had passed; with `runs` (Windows) overdue timers fire when time passes
   * again.
   *
   * @default 'stops'
   */
  sleep(ms: number, style?: 'stops' | 'runs'): void
  /** Simulates a busy or throttled page: both clocks advance, and no timer fires until time passes again. */
  stall(ms: number): void
  /** Sets the wall clock forward, or back by a negative number. Nothing else changes. */
  jump(ms: number): void
}

/** The ways in which real timers differ from exact ones. Run a test with each of them. */
export const clockFaults: Readonly<Record<'exact' | 'early' | 'late' | 'coarse', ClockFaults>> = {
  exact: {},
  early: { firesAt: (due, delay) => due - Math.min(0.9, delay * 0.6) },
  late: { firesAt: (due, delay) => due + 3 + delay / 10 },
  coarse: { resolution: 16 },
}

interface Timer {
  readonly at: number
  /** Timers of the same moment fire in the order in which they were set. */
  readonly order: number
  callback: (() => void) | undefined
}

/**
 * Creates a clock whose time passes only when a test advances it.
 *
 * @example
 * const clock = createVirtualClock()
 * const client = createClient({ url, ports: { clock } })
 * await clock.advance(30_000)
 */
export function createVirtualClock({ firesAt = (due) => due, resolution }: ClockFaults = {}): VirtualClock {
  let time = 1_000.25
  let asleep = 1_700_000_000_000
  let order = 0
  let pending = 0
  /** A binary heap, the next timer first. Cleared timers stay until they are due, or until they are too many. */
  let timers: Timer[] = []

  const isBefore = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

  const up = (from: number): void => {
    const timer = timers[from]!
    let index = from
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isBefore(timer, timers[parent]!)) break
      timers[index] = timers[parent]!
      index = parent
    }
    timers[index] = timer
  }

  const down = (from: number): void => {
    const timer = timers[from]!
    let index = from
    for (;;) {
      let child = 2 * index + 1
      if (child >= timers.length) break
      if (child + 1 < timers.length && isBefore(timers[child + 1]!, timers[child]!)) child++
      if (!isBefore(timers[child]!, timer)) break
      timers[index] = timers[child]!
      index = child
    }
    timers[index] = timer
  }

  const removeFirst = (): void => {
    const last = timers.pop()!
    if (timers.length === 0) return
    timers[0] = last
    down(0)
  }

  /** The next timer that was not cleared. */
  const peek = (): Timer | undefined => {
    while (timers[0] && !timers[0].callback) removeFirst()
    return timers[0]
  }

  const tidy = (): void => {
    if (timers.length < 64 || timers.length < 3 * pending) return
    timers = timers.filter(({ callback }) => callback)
    for (let index = (timers.length >> 1) - 1; index >= 0; index--) down(index)
  }

  /** Fires the next timer that is due until then; without one, only advances the time. */
  const fireNext = (until: number): boolean => {
    const due = peek()
    if (!due || due.at > until) {
      // The callback may have stalled the clock beyond that.
      time = Math.max(time, until)
      return false
    }
    const { callback } = due
    removeFirst()
    due.callback = undefined
    pending--
    time = Math.max(time, due.at)
    callback!()
    return true
  }

  return {
    now: () => (resolution ? Math.floor(time / resolution) * resolution : time),
    wall: () => Math.floor(time + asleep),
    setTimer(callback, delay) {
      // As on every platform, a delay that does not fit in 31 bits counts as 0.
      const kept = delay > longestTimer ? 1 : delay > 0 ? delay : 0
      const timer: Timer = { at: Math.max(time, firesAt(time + kept, kept)), order: order++, callback }
      timers.push(timer)
      up(timers.length - 1)
      pending++
      return timer
    },
    clearTimer(handle) {
      const timer = handle as Timer | undefined
      if (!timer?.callback) return
      timer.callback = undefined
      pending--
      tidy()
    },
    get pending() {
      return pending
    },
    get next() {
      return peek()?.at
    },
    advance(ms, look = () => true) {
      const until = time + ms
      let hasFired = false
      return inTurns(() => {
        hasFired = (!hasFired || look()) && fireNext(until)
        return hasFired
      })
    },
    sleep(ms, style = 'stops') {
      if (style === 'runs') time += ms
      else asleep += ms
    },
    stall: (ms) => void (time += ms),
    jump: (ms) => void (asleep += ms),
  }
}

/** Runs all pending promise callbacks. */
export function settleMicrotasks(): Promise<void> {
  return new Promise(later)
}

/** Takes one turn after another while `takeTurn` returns true. Promise callbacks run in between. */
function inTurns(takeTurn: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let goesOn = true
    const turn = (): void => {
      if (!goesOn) return
      try {
        goesOn = takeTurn()
        if (!goesOn) resolve()
      } catch (error) {
        goesOn = false
        reject(error)
      }
    }
    // Tasks that are set together run together, without a look at sockets and files after each.
    const set = (count: number): void => {
      if (!goesOn) return
      for (let index = 0; index < count; index++) later(turn)
      later(() => set(Math.min(2 * count, 64)))
    }
    set(1)
  })
}

type Later = (callback: () => void) => void
const platform = globalThis as unknown as {
  readonly setImmediate?: Later
  readonly setTimeout: (callback: () => void, delay: number) => void
}
/** Schedules the next task in the fastest available way. Captured before tests can replace it with a fake. */
const later: Later = platform.setImmediate ?? ((callback) => platform.setTimeout.call(undefined, callback, 0))
