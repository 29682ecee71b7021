import type { Clock } from '@holdfast/protocol'

export interface ClockFaults {
  /** When a timer really fires, given when it is due and how long it was set for. */
  readonly firesAt?: (due: number, delay: number) => number
  /** What the clock shows is a multiple of this. */
  readonly resolution?: number
}

export interface VirtualClock extends Clock {
  /** How many timers are set. */
  readonly pending: number
  /** Lets time pass, and everything happen that is due, microtasks included. */
  advance(ms: number): Promise<void>
  /** The machine sleeps: the wall clock moves on, the steady one and the timers do not. */
  sleep(ms: number): void
  /** The page was too busy or throttled: both clocks move on, and no timer fires until time passes again. */
  stall(ms: number): void
}

/** The ways in which real timers differ from exact ones. */
export const clockFaults: Readonly<Record<'exact' | 'early' | 'late' | 'coarse', ClockFaults>> = {
  exact: {},
  early: { firesAt: (due, delay) => due - Math.min(0.9, delay * 0.6) },
  late: { firesAt: (due, delay) => due + 3 + delay / 10 },
  coarse: { resolution: 16 },
}

export function createVirtualClock({ firesAt = (due) => due, resolution }: ClockFaults = {}): VirtualClock {
  let time = 1_000.25
  let asleep = 1_700_000_000_000
  const timers = new Map<object, { readonly at: number; readonly callback: () => void }>()

  const nextDue = (until: number): object | undefined => {
    let earliest: object | undefined
    for (const [key, { at }] of timers)
      if (at <= until && (!earliest || at < timers.get(earliest)!.at)) earliest = key
    return earliest
  }

  return {
    now: () => (resolution ? Math.floor(time / resolution) * resolution : time),
    wall: () => Math.floor(time + asleep),
    setTimer(callback, delay) {
      const key = {}
      // As on every platform, a delay that does not fit in 31 bits is none.
      const kept = delay > 2_147_483_647 ? 1 : delay
      timers.set(key, { at: Math.max(time, firesAt(time + kept, kept)), callback })
      return key
    },
    clearTimer: (timer) => void timers.delete(timer as object),
    get pending() {
      return timers.size
    },
    async advance(ms) {
      const until = time + ms
      await settleMicrotasks()
      for (let due = nextDue(until); due; due = nextDue(until)) {
        const { at, callback } = timers.get(due)!
        timers.delete(due)
        time = Math.max(time, at)
        callback()
        await settleMicrotasks()
      }
      // Who was called may have stalled the clock beyond that.
      time = Math.max(time, until)
    },
    sleep: (ms) => void (asleep += ms),
    stall: (ms) => void (time += ms),
  }
}

/** Lets everything run that is only waiting for promises. */
export function settleMicrotasks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
