import { HoldfastError } from '@holdfast/protocol'
import type { EventData, EventName, WaitOptions } from '@holdfast/protocol'
import type { Client } from './client.ts'

export interface EventsOptions extends WaitOptions {
  /**
   * How many events may wait to be consumed.
   *
   * @default 1_000
   */
  readonly buffer?: number
}

/**
 * Returns the events of a name as an async iterator, buffered from the call on.
 *
 * The iterator ends when the signal is aborted or the loop is left, and, after the buffered events, when the client
 * is disposed. It does not end with a connection: it continues with the next one.
 *
 * @throws {HoldfastError} `overflow`, out of the loop, when more than `buffer` events wait to be consumed
 * @example
 * for await (const data of events(client, 'chat', { buffer: 100 })) console.log(data)
 */
export function events<C, Name extends string & EventName<C, 'toClient'>>(
  client: Client<C>,
  name: Name,
  { buffer = 1_000, signal }: EventsOptions = {},
): AsyncIterableIterator<EventData<C, 'toClient', Name>, undefined> {
  type Data = EventData<C, 'toClient', Name>
  const values: Data[] = []
  const takers: ((result: IteratorResult<Data, undefined>) => void)[] = []
  let failure: HoldfastError | undefined
  let unsubscribe: (() => void) | undefined

  const push = (value: Data): void => {
    const take = takers.shift()
    if (take) take({ done: false, value })
    else if (values.length < buffer) values.push(value)
    else {
      failure = new HoldfastError('overflow', `more than ${buffer} events wait to be consumed`)
      end()
    }
  }
  const end = (): void => {
    unsubscribe?.()
    unsubscribe = undefined
    signal?.removeEventListener('abort', leave)
    for (const take of takers.splice(0)) take({ done: true, value: undefined })
  }
  const leave = (): void => {
    values.length = 0
    failure = undefined
    end()
  }

  if (!signal?.aborted && client.state.cause?.reason !== 'dispose') {
    const off = client.on(name, push)
    const unwatch = client.watch('closed', ({ reason }) => reason === 'dispose' && end())
    unsubscribe = () => {
      off()
      unwatch()
    }
    signal?.addEventListener('abort', leave)
  }

  // Not a generator: `return()` of a generator has no effect before its start and while it waits.
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
        } else if (unsubscribe) takers.push(resolve)
        else resolve({ done: true, value: undefined })
      }),
    return() {
      leave()
      return Promise.resolve({ done: true, value: undefined })
    },
  }
}
