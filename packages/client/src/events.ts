import type { EventsOptions } from './client.ts'
import { HoldfastError } from './errors.ts'

/**
 * An async iterator over what a subscription pushes until it ends, with a bounded buffer between the two.
 *
 * What is buffered when it ends is still given out, unless the signal was aborted.
 */
export function iterateEvents<T>(
  subscribe: (push: (value: T) => void, end: () => void) => () => void,
  { buffer = 1_000, signal }: EventsOptions,
): AsyncGenerator<T, void> {
  const values: T[] = []
  let failure: HoldfastError | undefined
  let ended = false
  let awaken: (() => void) | undefined

  const end = (): void => {
    ended = true
    unsubscribe()
    signal?.removeEventListener('abort', abort)
    awaken?.()
  }
  const abort = (): void => {
    values.length = 0
    end()
  }
  const unsubscribe = subscribe((value) => {
    if (values.length >= buffer) {
      failure = new HoldfastError('overflow', `more than ${buffer} events wait to be taken`)
      return end()
    }
    values.push(value)
    awaken?.()
  }, end)
  signal?.addEventListener('abort', abort)
  if (signal?.aborted) abort()

  async function* iterate(): AsyncGenerator<T, void> {
    try {
      for (;;) {
        while (values.length > 0) yield values.shift()!
        if (failure) throw failure
        if (ended) return
        await new Promise<void>((resolve) => (awaken = resolve))
      }
    } finally {
      end()
    }
  }

  return iterate()
}
