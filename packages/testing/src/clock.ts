import { longestTimer } from '@holdfast/protocol'
import type { Clock } from '@holdfast/protocol'

/** How a virtual clock differs from an exact one. */
export interface ClockFaults {
  /** When a timer really fires, in milliseconds, given when it is due and how long it was set for. */
  readonly firesAt?: (due: number, delay: number) => number
  /** What `now()` shows is a multiple of this, in milliseconds, as in browsers that make timing attacks harder. */
  readonly resolution?: number
}

/** A clock that stands still until it is told to go on: the port `clock` of clients and hubs. */
export interface VirtualClock extends Clock {
  /** How many timers are set. */
  readonly pending: number
  /** When the next timer fires, as `now()` will show it on an exact clock, or undefined if none is set. */
  readonly next: number | undefined
  /**
   * Lets that many milliseconds pass, and everything happen that is due, timer by timer, what waits for promises
   * included. Awaits nothing else: neither real timers nor real sockets make progress by it.
   *
   * `look` is called after each timer, when nothing waits for promises any more; false ends it there.
   *
   * @throws what a timer throws; those after it wait for the next call
   */
  advance(ms: number, look?: () => boolean): Promise<void>
  /**
   * The machine sleeps for that many milliseconds, in which no timer fires. `wall()` moves on. Whether `now()` does,
   * differs between platforms: with `stops` (as in Chromium on Linux and macOS) timers that were set go on as if
   * nothing had happened; with `runs` (as on Windows) those that are overdue fire when time passes again.
   *
   * @default 'stops'
   */
  sleep(ms: number, style?: 'stops' | 'runs'): void
  /** The page was too busy, or throttled: both clocks move on, and no timer fires until time passes again. */
  stall(ms: number): void
  /** Somebody set the wall clock: forward, or back by a negative number. Nothing else changes. */
  jump(ms: number): void
}

/** The ways in which real timers differ from exact ones, to run one test under all of them. */
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
 * Makes a clock that stands still until it is told to go on.
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
  /** A binary heap, the next one first. Those that were cleared stay until it is their turn, or until they are too many. */
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

  /** Fires the next timer that is due until then; else only the time passes. */
  const fireNext = (until: number): boolean => {
    const due = peek()
    if (!due || due.at > until) {
      // Who was called may have stalled the clock beyond that.
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
      // As on every platform, a delay that does not fit in 31 bits is none.
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

/** Lets everything run that is only waiting for promises. */
export function settleMicrotasks(): Promise<void> {
  return new Promise(later)
}

/** Takes one turn after another, as long as they say so. What waits for promises runs in between. */
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
/** The next task, by the quickest way that there is. Taken down before anybody puts fakes in its place. */
const later: Later = platform.setImmediate ?? ((callback) => platform.setTimeout.call(undefined, callback, 0))
