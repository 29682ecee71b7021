import type { DelayRange } from '@holdfast/protocol'

/** How long to wait before the next attempt. All times in milliseconds. */
export interface BackoffOptions {
  /**
   * The shortest delay. `connect()` and `reconnect()` keep to it, too: they dial so long after the last dial at the
   * earliest, or `maxDelay` after it if that is less.
   *
   * @default 100
   */
  readonly minDelay?: number
  /**
   * The upper end of the window for the first retry; it doubles with each further one.
   *
   * Also how long a connection has to live for its lost path to be redialed as if nothing had failed before. After one
   * that lived for less, the window ends at `baseDelay` × `baseDelay` / uptime at most.
   *
   * @default 1_000
   */
  readonly baseDelay?: number
  /**
   * The highest that upper end gets.
   *
   * @default 30_000
   */
  readonly maxDelay?: number
  /**
   * The same while the page is hidden, unless `maxDelay` is more. When it is seen again, it is dialed at once.
   *
   * @default 120_000
   */
  readonly maxHiddenDelay?: number
  /**
   * How many attempts in a row may fail before the client gives up and closes with the last cause. A connection that did
   * not live for `minUptime` counts as a failed attempt.
   *
   * @default Infinity
   */
  readonly maxAttempts?: number
  /**
   * How long a connection must live to count as stable. Only a stable one resets the count of attempts, so that a
   * server which accepts and then closes at once is not dialed in a fast loop. For the delays alone, see `baseDelay`.
   *
   * @default 5_000
   */
  readonly minUptime?: number
}

/** The latest that a server can ask to be dialed, in milliseconds from now. */
export const longestHint = 3_600_000

/** Which part of the window that a server asked for is the base, when it is not there in that window. */
const retryAfterShare = 0.25

/**
 * The window of the next attempt: from `minDelay` to `baseDelay`, doubled with each failure after the first, at most
 * `maxDelay`, or `maxHiddenDelay` while nobody sees the page.
 *
 * Right after a stable connection (no failures) the window that its cause hints at applies instead, and its lower end
 * holds for every retry. `retryAfter` is the last window that the server itself asked for: it wins over all else when it is the
 * hint. Afterwards it shows how far the server wants its clients apart, so that the base is a part of it.
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
  // Zero times infinity, which the power comes to, is no number.
  const doubled = Math.min(longest, base && base * 2 ** Math.max(0, failures - 1))
  return [floor, Math.max(floor, max, hint && (failures === 0 || hint === retryAfter) ? 0 : doubled)]
}

/**
 * How many of `failures` in a row still count when a connection that carried traffic for `uptime` has lost its path: an
 * outage is, as a rule, no longer than the connection before it. The connection itself is one of them.
 *
 * From `baseDelay` on none is left. A quarter of it pays for the connection and for one more. And the window that follows
 * ends at `baseDelay` × `baseDelay` / `uptime` at most, which is no help to a server that accepts and dies at once: it is
 * dialed ever more rarely.
 */
export function failuresAfter(uptime: number, failures: number, baseDelay: number): number {
  const worth = Math.ceil(Math.log2(baseDelay / Math.max(uptime, 1)))
  return Math.max(0, Math.min(worth, worth > 2 ? failures : failures - 2))
}

/** A window that a server asked for, kept within {@link longestHint}, and never so narrow there that all come at once. */
export function boundHint(hint: DelayRange): DelayRange {
  return hint[1] > longestHint ? [Math.min(hint[0], longestHint * 0.8), longestHint] : hint
}

/** Full jitter: any moment of the window is as likely as any other. `random` is in [0, 1). */
export function pickDelay([min, max]: DelayRange, random: number): number {
  // Both ends may be infinite.
  return max > min ? min + random * (max - min) : min
}
