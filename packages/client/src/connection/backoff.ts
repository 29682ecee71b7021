/** How long to wait before the next attempt. All times in milliseconds. */
export interface BackoffOptions {
  /**
   * The shortest delay.
   *
   * @default 100
   */
  readonly minDelay?: number
  /**
   * The upper end of the window for the first retry; it doubles with each further one.
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
   * How many attempts in a row may fail before the client gives up and closes with the last cause.
   *
   * @default Infinity
   */
  readonly maxAttempts?: number
  /**
   * How long a connection must live to count as stable. Only a stable one resets the count of attempts, so that a
   * server which accepts and then closes at once is not dialed in a fast loop.
   *
   * @default 5_000
   */
  readonly minUptime?: number
}

/** A span of time in which a random moment is drawn, in milliseconds from now. */
export type Window = readonly [min: number, max: number]

/** Which part of the window that a server asked for is the base, when it is not there in that window. */
const toldShare = 0.25

/**
 * The window of the next attempt: from `minDelay` to `baseDelay`, doubled with each failure after the first, at most
 * `maxDelay`, or `maxHiddenDelay` while nobody sees the page.
 *
 * Right after a stable connection (no failures) the window that its cause hints at applies instead, and its lower end
 * holds for every retry. `told` is the last window that the server itself asked for: it wins over all else when it is the
 * hint. Afterwards it shows how far the server wants its clients apart, so that the base is a part of it.
 */
export function backoffWindow(
  failures: number,
  hint: Window | undefined,
  options: Required<BackoffOptions>,
  told?: Window,
  isHidden = false,
): Window {
  const [min, max] = hint ?? [0, 0]
  const [from, to] = told ?? [0, 0]
  const floor = Math.max(min, options.minDelay)
  const base = Math.max(options.baseDelay, (to - from) * toldShare)
  const longest = isHidden ? Math.max(options.maxDelay, options.maxHiddenDelay) : options.maxDelay
  // Zero times infinity, which the power comes to, is no number.
  const doubled = Math.min(longest, base && base * 2 ** Math.max(0, failures - 1))
  return [floor, Math.max(floor, max, hint && (failures === 0 || hint === told) ? 0 : doubled)]
}

/** Full jitter: any moment of the window is as likely as any other. `random` is in [0, 1). */
export function pickDelay([min, max]: Window, random: number): number {
  // Both ends may be infinite.
  return max > min ? min + random * (max - min) : min
}
