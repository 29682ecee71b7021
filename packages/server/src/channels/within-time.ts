import { HoldfastError } from '@holdfast/protocol'
import type { Clock } from '@holdfast/protocol'

/** How long a broker may take to answer, in milliseconds. */
export const brokerTimeout = 5_000

/** Rejects with `timeout` when a promise takes too long, whatever comes of it later. */
export function withinTime<T>(
  clock: Clock,
  timeout: number,
  promise: Promise<T>,
  whose = 'the broker',
): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: unknown
    let isSettled = false
    const settled = (): void => {
      isSettled = true
      clock.clearTimer(timer)
    }
    promise.then(
      (value) => {
        settled()
        resolve(value)
      },
      (error: unknown) => {
        settled()
        reject(error instanceof Error ? error : new Error(String(error)))
      },
    )
    const late = (): void => reject(new HoldfastError('timeout', `${whose} did not answer in time`))
    // What is settled already needs no timer.
    void Promise.resolve().then(() => {
      if (!isSettled) timer = clock.setTimer(late, timeout)
    })
  })
}
