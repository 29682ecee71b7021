import { aborted, pollInterval } from '@holdfast/protocol'
import type { Clock, HoldfastError, WaitOptions } from '@holdfast/protocol'

/** The state of a condition: it holds, it never will, or not yet. `soon` asks for another check without an event. */
export type Verdict = true | HoldfastError | 'later' | 'soon'

/** Promises of conditions, which are checked again after every event. */
export interface Waits {
  /**
   * Returns a promise that resolves when the condition holds. Need not be awaited: its rejection counts as handled.
   */
  until(condition: () => Verdict, options: WaitOptions): Promise<void>
  /** Checks every condition again. */
  recheck(): void
}

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
        // In a separate turn, because inputs of listeners were not processed yet.
        void Promise.resolve().then(() => checks.has(check) && check())
      })
      promise.catch(() => {})
      return promise
    },
  }
}
