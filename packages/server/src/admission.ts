import type { DelayRange } from '@holdfast/protocol'

/**
 * How many connections a second are let in, and when those come again that are not.
 *
 * Whoever is turned away is promised a moment of its own, one after the other, as far apart as clients can be let in. So
 * those who come back fill what there is evenly, however many they are, and the promises grow with their number.
 *
 * Nothing is remembered of anybody: a few numbers hold the schedule. So a promise is no right. Newcomers take what is free
 * when they come, and who finds nothing free at the promised moment is promised another one. A client that comes without
 * regard to its promises makes those of others longer, up to a limit, and takes a share of what is free.
 */
export interface Admission {
  /** Lets one in, or gives the window in which to dial again, in whole milliseconds from `now`. */
  ask(now: number): DelayRange | undefined
}

/** The nearest moment to be promised, in milliseconds from now: a close and a dial have to fit in. */
const nearest = 1_000
/** The farthest one. Clients that were promised more would look as if they had given up. */
const farthest = 300_000
/**
 * How wide the window around a moment is, each way, as a part of the time until then. The moments are apart already, so
 * this is for clients whose clocks agree too well; a wider one would leave gaps that nobody fills.
 */
const spread = 0.02

/** Lets in `rate` a second in the long run, and `burst` at once. Both are finite. */
export function createAdmission(rate: number, burst: number): Admission {
  const interval = 1_000 / rate
  const slack = Math.max(0, burst - 1) * interval
  /** The moment at which all who were let in would have come, had they come evenly. */
  let usedUntil = -Infinity
  /** The last moment that was promised. */
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
