import type { DelayRange } from '@holdfast/protocol'
import type { Sample } from './sleep.ts'

/** The delay before the next attempt. All times in milliseconds. */
export interface BackoffOptions {
  /**
   * The shortest delay. `connect()` and `reconnect()` respect it, too: they dial that long after the last dial at the
   * earliest, or `maxDelay` after it if that is less.
   *
   * @default 100
   */
  readonly minDelay?: number
  /**
   * The upper bound of the delay of the first retry; it doubles with each further one.
   *
   * It is also the uptime after which a lost connection is redialed as if nothing had failed before. After a shorter
   * uptime, the range ends at `baseDelay` × `baseDelay` / uptime at most.
   *
   * @default 1_000
   */
  readonly baseDelay?: number
  /**
   * The largest upper bound.
   *
   * @default 30_000
   */
  readonly maxDelay?: number
  /**
   * The largest upper bound while the page is hidden, unless `maxDelay` is larger. When the page becomes visible, the
   * client dials at once.
   *
   * @default 120_000
   */
  readonly maxHiddenDelay?: number
  /**
   * How many attempts in a row may fail before the client stops and closes with the last cause. A connection that was
   * not open for `minUptime` counts as a failed attempt.
   *
   * @default Infinity
   */
  readonly maxAttempts?: number
  /**
   * How long a connection must be open to count as stable. Only a stable connection resets the count of attempts, so
   * that a server which accepts and then closes at once is not dialed in a tight loop. For the delays, see also
   * `baseDelay`.
   *
   * @default 5_000
   */
  readonly minUptime?: number
}

/**
 * Picks the delay before the next dial, after `failures` in a row, less those that uptime has offset.
 *
 * `hint` is the range of the cause, and `retryAfter` the last one that the server requested.
 */
export type PickDelay = (
  failures: number,
  hint: DelayRange | undefined,
  retryAfter: DelayRange | undefined,
  options: Required<BackoffOptions>,
  sample: Pick<Sample, 'random' | 'isHidden'>,
) => number

/** The longest delay that a server can request, in milliseconds. */
export const longestHint = 3_600_000

/** The part of a requested range that becomes the base delay, if the server is not available in that range. */
const retryAfterShare = 0.25

/**
 * The range of the next delay: from `minDelay` to `baseDelay`, doubled with each failure after the first, at most
 * `maxDelay`, or `maxHiddenDelay` while the page is hidden.
 *
 * Right after a stable connection (no failures) the range of its cause applies instead, and its lower bound applies
 * to every retry. The last range that the server requested overrides all others when it is the hint. Afterwards its
 * width determines the base delay.
 */
export function backoffWindow(
  failures: number,
  hint: DelayRange | undefined,
  options: Required<BackoffOptions>,
  retryAfter?: DelayRange,
  isHidden = false,
): DelayRange {
  const [min, max] = hint ?? [0, 0]
  const [from, to] = retryAfter ?? [0, 0]
  const floor = Math.max(min, options.minDelay)
  const base = Math.max(options.baseDelay, (to - from) * retryAfterShare)
  const longest = isHidden ? Math.max(options.maxDelay, options.maxHiddenDelay) : options.maxDelay
  // Zero times infinity is NaN.
  const doubled = Math.min(longest, base && base * 2 ** Math.max(0, failures - 1))
  return [floor, Math.max(floor, max, hint && (failures === 0 || hint === retryAfter) ? 0 : doubled)]
}

/**
 * How many of `failures` in a row still count when a connection that carried traffic for `uptime` was lost: an outage
 * is usually no longer than the connection before it. The connection itself is one of the failures.
 *
 * From an uptime of `baseDelay` on, none is left. A quarter of it offsets the connection and one more failure. The
 * following range ends at `baseDelay` × `baseDelay` / `uptime` at most, which does not help a server that accepts and
 * fails at once: it is dialed ever more rarely.
 */
export function failuresAfter(uptime: number, failures: number, baseDelay: number): number {
  const worth = Math.ceil(Math.log2(baseDelay / Math.max(uptime, 1)))
  return Math.max(0, Math.min(worth, worth > 2 ? failures : failures - 2))
}

/**
 * A range that a server requested, bounded by {@link longestHint}, and always wide enough there that clients stay
 * spread.
 */
export function boundHint(hint: DelayRange): DelayRange {
  return hint[1] > longestHint ? [Math.min(hint[0], longestHint * 0.8), longestHint] : hint
}

/** Full jitter: every moment of the range is equally likely. `random` is in [0, 1). */
export function pickDelay([min, max]: DelayRange, random: number): number {
  // Both bounds may be infinite.
  return max > min ? min + random * (max - min) : min
}

/** The delay of a client: a random one, in {@link backoffWindow}. */
export const pickBackoff: PickDelay = (failures, hint, retryAfter, options, { random, isHidden }) =>
  pickDelay(backoffWindow(failures, hint, options, retryAfter, isHidden), random)
