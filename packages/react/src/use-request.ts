import { createRequestStore, idleRequest } from '@holdfast/bindings'
import type { InputArguments, NamesOf, RequestState, UseRequestOptions } from '@holdfast/bindings'
import type { Client, RequestAnswer } from 'holdfast'
import { useEffect, useInsertionEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { useNearest } from './provider.ts'
import type { RegisteredContract } from './types.ts'

/** The requests of a component. The same object until the state changes; `send` and `reset` never change. */
export type UsedRequest<C, Name> = RequestState<RequestAnswer<C, Name>> & {
  /**
   * Sends a request, and aborts the one before if it is pending.
   *
   * The promise has the answer. You need not await it: a rejection is in `error`.
   *
   * @throws {HoldfastError} `misuse`, synchronously, as `client.request` does
   */
  send(...input: InputArguments<C, Name>): Promise<RequestAnswer<C, Name>>
  /** Aborts the request that is pending, and returns to `idle`. */
  reset(): void
}

interface RequestTarget {
  readonly client: Client
  readonly name: string
  readonly options: UseRequestOptions | undefined
}

/**
 * Returns a function that sends requests of a name, and the state of the last one: `idle`, `pending`, `ok` with `data`,
 * or `error`.
 *
 * Nothing is sent before `send()`. A request that is pending is aborted when the component unmounts, when React hides
 * it, and when the name or the client changes; the state is `idle` then. The server may have received the request.
 *
 * @example
 * const { status, data, send } = useRequest(client, 'find', { timeout: 5_000 })
 */
export function useRequest<C, Name extends NamesOf<C>['request']>(
  client: Client<C>,
  name: Name,
  options?: UseRequestOptions,
): UsedRequest<C, Name>
/**
 * The same for the client of the nearest {@link HoldfastProvider}.
 *
 * @throws {Error} when there is no provider
 */
export function useRequest<Name extends NamesOf<RegisteredContract>['request']>(
  name: Name,
  options?: UseRequestOptions,
): UsedRequest<RegisteredContract, Name>
export function useRequest(...args: unknown[]): object {
  const [given, name, options] = (typeof args[0] === 'string' ? [undefined, ...args] : args) as [
    Client | undefined,
    string,
    UseRequestOptions | undefined,
  ]
  const client = useNearest(given)
  const [{ store, aim, send }] = useState(createUsedRequest)
  useInsertionEffect(() => aim({ client, name, options }))
  // A layout effect may have sent the first request of the next name by then.
  useEffect(
    () => () => {
      if (store.stateOf(client, name) !== idleRequest) store.reset()
    },
    [store, client, name],
  )
  const state = useSyncExternalStore(
    store.subscribe,
    () => store.stateOf(client, name),
    () => idleRequest,
  )
  return useMemo(() => ({ ...state, send, reset: store.reset }), [state, send, store])
}

function createUsedRequest() {
  const store = createRequestStore()
  let target: RequestTarget | undefined
  return {
    store,
    aim(next: RequestTarget): void {
      target = next
    },
    send(input?: unknown): Promise<unknown> {
      if (!target)
        throw new Error('call send() in an event handler or an effect, once the component is mounted')
      return store.send(target.client, target.name, input, target.options)
    },
  }
}
