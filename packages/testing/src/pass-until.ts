import { settleMicrotasks } from './clock.ts'
import type { VirtualClock } from './clock.ts'

/** What a test waits for: a promise, or a condition that becomes true. */
export type Goal<T> = PromiseLike<T> | (() => unknown)

/** How to wait on a virtual clock. */
export interface UntilOptions {
  /**
   * How much time may pass on the clock, in milliseconds, before the waiting fails.
   *
   * @default 60_000
   */
  readonly within?: number
}

/** Lets time pass on the clock, from timer to timer, until the goal is reached, and no longer. */
export async function passUntil<T>(
  clock: VirtualClock,
  goal: Goal<T>,
  { within = 60_000 }: UntilOptions = {},
): Promise<T> {
  const started = clock.now()
  const isReached = typeof goal === 'function' ? goal : settling(goal)
  await settleMicrotasks()
  while (!isReached()) {
    const { next } = clock
    if (next === undefined) throw new Error('this cannot happen any more: no timer is set on the clock')
    if (next - started > within) throw new Error(`this did not happen within ${within} ms on the clock`)
    await clock.advance(Math.max(next - clock.now(), 0), () => !isReached())
  }
  return (typeof goal === 'function' ? undefined : await goal) as T
}

function settling(promise: PromiseLike<unknown>): () => boolean {
  let isSettled = false
  const settled = (): void => void (isSettled = true)
  promise.then(settled, settled)
  return () => isSettled
}
