/** A drift of the two clocks that only sleep explains. */
const clockJump = 2_000
/** A lateness of timers that only sleep explains: those of hidden pages fire once a minute. */
const longestLateness = 150_000

/** A moment by both clocks, in milliseconds. */
export interface Moment {
  /** By a monotonic clock, which stops or continues while the machine sleeps, depending on the platform. */
  readonly now: number
  readonly wall: number
}

/** The world at the moment of an input. */
export interface Sample extends Moment {
  readonly random: number
  /** When the last frame arrived. */
  readonly heardAt: number
  /** The measured round-trip time, if it was measured. */
  readonly rtt?: number | undefined
  /** The `readyState` of the socket, if there is one. */
  readonly readyState?: number | undefined
  /** Whether the page is hidden. */
  readonly isHidden?: boolean
  /** The delay that the application gave; not a number from 0 on for the default. Absent until it was asked. */
  readonly customDelay?: number
}

/** Returns whether the clocks show that the machine slept between two moments, or that a clock was set. */
export function slept(before: Moment, after: Moment): boolean {
  return Math.abs(drift(before, after)) > clockJump
}

/**
 * Returns whether an open socket may be dead because of the time since the last moment: the machine slept, or the
 * timer that was due at `deadline` was far too late. A wall clock that was set back proves nothing.
 */
export function isOverslept(before: Moment, after: Moment, deadline: number = Infinity): boolean {
  return drift(before, after) > clockJump || after.now - deadline > longestLateness
}

function drift(before: Moment, after: Moment): number {
  return after.wall - before.wall - (after.now - before.now)
}
