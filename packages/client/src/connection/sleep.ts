/** How far the two clocks drift apart only when the machine slept. */
const clockJump = 2_000
/** How late timers are only when the machine slept: those of hidden pages come once a minute. */
const longestLateness = 150_000

/** A moment by both clocks, in milliseconds. */
export interface Moment {
  /** By a clock that only goes forward, and stops or goes on while the machine sleeps, as the platform likes. */
  readonly now: number
  readonly wall: number
}

/** The world at the moment of an input. */
export interface Sample extends Moment {
  readonly random: number
  /** When the last frame came in. */
  readonly heardAt: number
  /** The measured round-trip time, if it was measured. */
  readonly rtt?: number | undefined
  /** What the socket says of itself, if there is one. */
  readonly readyState?: number | undefined
  /** Whether nobody can see the page. */
  readonly isHidden?: boolean
  /** The delay that the application gave; not a number from 0 on for the default. Absent until it was asked. */
  readonly customDelay?: number
}

/** Whether the clocks tell that the machine slept between two moments, or that one of them was set. */
export function slept(before: Moment, after: Moment): boolean {
  return Math.abs(drift(before, after)) > clockJump
}

/**
 * Whether an open socket is in doubt because of the time that has passed since the moment before: the machine slept, or
 * the timer that was due at `deadline` came far too late. A wall clock that was set back proves nothing.
 */
export function isOverslept(before: Moment, after: Moment, deadline: number = Infinity): boolean {
  return drift(before, after) > clockJump || after.now - deadline > longestLateness
}

function drift(before: Moment, after: Moment): number {
  return after.wall - before.wall - (after.now - before.now)
}
