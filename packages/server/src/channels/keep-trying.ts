import { isHoldfastError } from '@holdfast/protocol'
import type { Clock } from '@holdfast/protocol'

const shortestDelay = 100
const longestDelay = 1_000

/** Repeats a call that fails, for so many milliseconds. It must be one that may be executed twice. */
export async function keepTrying<T>(clock: Clock, wait: number, call: () => Promise<T>): Promise<T> {
  const until = clock.now() + wait
  for (let delay = shortestDelay; ; delay = Math.min(longestDelay, delay * 2)) {
    try {
      return await call()
    } catch (error) {
      const left = until - clock.now()
      if (left <= 0 || (isHoldfastError(error) && error.code === 'misuse')) throw error
      await new Promise<void>((resolve) => clock.setTimer(resolve, Math.min(left, delay), true))
    }
  }
}
