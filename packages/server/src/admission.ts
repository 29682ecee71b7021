import type { DelayRange } from '@holdfast/protocol'

/**
 * Limits how many connections a second are admitted, and assigns retry times to the others.
 *
 * Each refused client gets a retry time of its own, one after the other, as far apart as clients can be admitted. So
 * returning clients use the capacity evenly, however many they are, and retry times grow with their number.
 *
 * There is no state per client: a few numbers hold the schedule. So retry slots are advisory. New clients use free
 * capacity when they arrive, and a client that finds none at its retry time gets another one. A client that ignores
 * its retry times delays the others, up to a limit, and takes a share of the capacity.
 */
export interface Admission {
  /** Admits a connection, or returns the range in which to dial again, in whole milliseconds from `now`. */
  ask(now: number): DelayRange | undefined
}

/** The shortest retry time, in milliseconds from now: a close and a dial have to fit in. */
const nearest = 1_000
/** The longest one. Clients with a longer one would look as if they had given up. */
const farthest = 300_000
/**
 * The width of the range around a retry time, in each direction, relative to the time until then. The times are apart
 * already, so this is for clients with equal clocks; a wider range would leave unused gaps.
 */
const spread = 0.02

/** Admits `rate` a second on average, and `burst` at once. Both are finite. */
export function createAdmission(rate: number, burst: number): Admission {
  const interval = 1_000 / rate
  const slack = Math.max(0, burst - 1) * interval
  /** The moment at which all admitted clients would have arrived if they had arrived evenly. */
  let usedUntil = -Infinity
  /** The last assigned retry time. */
  let promised = -Infinity

  return {
    ask(now) {
      const from = Math.max(usedUntil, now)
      if (from - now <= slack) {
        usedUntil = from + interval
        return undefined
      }
      promised = Math.min(Math.max(promised, now + nearest) + interval, now + farthest)
      const wait = promised - now
      return [Math.round(wait * (1 - spread)), Math.round(wait * (1 + spread))]
    },
  }
}
