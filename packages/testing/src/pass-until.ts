import { settleMicrotasks } from './clock.ts'
import type { VirtualClock } from './clock.ts'

/** The goal of a wait: a promise, or a condition that becomes true. */
export type Goal<T> = PromiseLike<T> | (() => unknown)

/** The options of a wait on a virtual clock. */
export interface UntilOptions {
  /**
   * How much time may pass on the clock, in milliseconds, before the wait fails.
   *
   * @default 60_000
   */
  readonly within?: number
}

/** Advances the clock, from timer to timer, until the goal is reached, and no longer. */
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
