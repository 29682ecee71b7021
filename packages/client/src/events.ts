import { HoldfastError } from '@holdfast/protocol'
import type { EventsOptions } from './client.ts'

interface Taker<T> {
  resolve(result: IteratorResult<T, undefined>): void
}

/**
 * An async iterator over what a subscription pushes until it ends, with a bounded buffer between the two. There may be
 * no subscription to be had; then the iterator is at its end from the start.
 *
 * What is buffered when it ends is still given out, unless the loop was left or the signal was aborted. Not a generator
 * function: one that was never started, or that waits, could not be left.
 */
export function iterateEvents<T>(
  subscribe: (push: (value: T) => void, end: () => void) => (() => void) | undefined,
  { buffer = 1_000, signal }: EventsOptions,
): AsyncIterableIterator<T, undefined> {
  const values: T[] = []
  const takers: Taker<T>[] = []
  let failure: HoldfastError | undefined
  let unsubscribe: (() => void) | undefined

  const push = (value: T): void => {
    const taker = takers.shift()
    if (taker) taker.resolve({ done: false, value })
    else if (values.length < buffer) values.push(value)
    else {
      failure = new HoldfastError('overflow', `more than ${buffer} events wait to be taken`)
      end()
    }
  }
  const end = (): void => {
    unsubscribe?.()
    unsubscribe = undefined
    signal?.removeEventListener('abort', leave)
    for (const taker of takers.splice(0)) taker.resolve({ done: true, value: undefined })
  }
  const leave = (): void => {
    values.length = 0
    failure = undefined
    end()
  }

  if (!signal?.aborted) unsubscribe = subscribe(push, end)
  if (unsubscribe) signal?.addEventListener('abort', leave)

  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: () =>
      new Promise((resolve, reject) => {
        const thrown = failure
        if (values.length > 0) resolve({ done: false, value: values.shift()! })
        else if (thrown) {
          failure = undefined
          reject(thrown)
        } else if (unsubscribe) takers.push({ resolve })
        else resolve({ done: true, value: undefined })
      }),
    return() {
      leave()
      return Promise.resolve({ done: true, value: undefined })
    },
  }
}
