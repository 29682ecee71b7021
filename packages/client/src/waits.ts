import { aborted } from '@holdfast/protocol'
import type { Clock, HoldfastError, WaitOptions } from '@holdfast/protocol'

/** What a condition says: it holds, it never will, or not yet. `soon` asks to be looked at again without an event. */
export type Verdict = true | HoldfastError | 'later' | 'soon'

/** Promises of conditions, looked at again whenever something happened. */
export interface Waits {
  /** A promise that the condition will hold. Need not be awaited: its rejection counts as handled. */
  until(condition: () => Verdict, options: WaitOptions): Promise<void>
  /** Looks at every condition again. */
  recheck(): void
}

/** For conditions that no event announces, such as what a socket still holds. In milliseconds. */
const pollInterval = 20

export function createWaits(clock: Clock): Waits {
  const checks = new Set<() => void>()
  let timer: unknown

  const recheck = (): void => {
    clock.clearTimer(timer)
    timer = undefined
    for (const check of checks) check()
  }

  return {
    recheck,
    until(condition, { signal }) {
      const promise = new Promise<void>((resolve, reject) => {
        const settle = (verdict: true | HoldfastError): void => {
          checks.delete(check)
          signal?.removeEventListener('abort', abort)
          if (verdict === true) resolve()
          else reject(verdict)
        }
        const abort = (): void => settle(aborted(signal!))
        const check = (): void => {
          const verdict = condition()
          if (verdict === 'soon') timer ??= clock.setTimer(recheck, pollInterval)
          else if (verdict !== 'later') settle(verdict)
        }

        checks.add(check)
        signal?.addEventListener('abort', abort)
        if (signal?.aborted) abort()
        // In a turn of its own, because inputs that a listener gave have not been processed yet.
        void Promise.resolve().then(() => checks.has(check) && check())
      })
      promise.catch(() => {})
      return promise
    },
  }
}
