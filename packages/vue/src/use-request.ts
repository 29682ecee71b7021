import { createRequestStore, idleRequest } from '@holdfast/bindings'
import type { InputArguments, NamesOf, RequestState, UseRequestOptions } from '@holdfast/bindings'
import type { Client, HoldfastError, RequestAnswer } from 'holdfast'
import { computed, toValue } from 'vue'
import type { ComputedRef, MaybeRefOrGetter } from 'vue'
import { withClient } from './arguments.ts'
import { follow } from './follow.ts'
import { useNearest } from './provide-client.ts'
import type { RegisteredContract } from './types.ts'
import { useState } from './use-state.ts'

/** The requests of a component. */
export interface UsedRequest<C, Name> {
  /** `idle` before the first request and after a reset, `pending`, `ok`, or `error`. */
  readonly status: ComputedRef<RequestState<unknown>['status']>
  /** The last answer, also while the next request is pending; undefined after an error. */
  readonly data: ComputedRef<RequestAnswer<C, Name> | undefined>
  readonly error: ComputedRef<HoldfastError | undefined>
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

/**
 * Returns a function that sends requests of a name, and the state of the last one as refs. The name may be a ref or a
 * getter.
 *
 * Nothing is sent before `send()`. A request that is pending is aborted when the component unmounts, when `KeepAlive`
 * deactivates it, and when the name changes; the status is `idle` then. The server may have received the request.
 *
 * @example
 * const { status, data, send } = useRequest(client, 'find', { timeout: 5_000 })
 */
export function useRequest<C, Name extends NamesOf<C>['request']>(
  client: Client<C>,
  name: MaybeRefOrGetter<Name>,
  options?: UseRequestOptions,
): UsedRequest<C, Name>
/**
 * The same for the client that is provided.
 *
 * @throws {Error} when there is none
 */
export function useRequest<Name extends NamesOf<RegisteredContract>['request']>(
  name: MaybeRefOrGetter<Name>,
  options?: UseRequestOptions,
): UsedRequest<RegisteredContract, Name>
export function useRequest(...args: unknown[]): object {
  const [given, name, options] = withClient<
    Client,
    [MaybeRefOrGetter<string>, UseRequestOptions | undefined]
  >(args)
  const client = useNearest(given)
  const store = createRequestStore()
  const { state, set } = useState<RequestState<unknown>>(idleRequest)
  const update = (): void => set(store.state)
  follow(name, () => {
    const stop = store.subscribe(update)
    update()
    return () => {
      store.reset()
      stop()
    }
  })
  return {
    status: computed(() => state.value.status),
    data: computed(() => state.value.data),
    error: computed(() => state.value.error),
    send: (input?: unknown) => store.send(client, toValue(name), input, options),
    reset: store.reset,
  }
}
