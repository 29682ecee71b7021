import { createRequestStore, idleRequest } from '@holdfast/bindings'
import type { InputArguments, NamesOf, RequestState, UseRequestOptions } from '@holdfast/bindings'
import type { Client, RequestAnswer } from 'holdfast'
import type { Readable } from 'svelte/store'
import { withClient } from './arguments.ts'
import { follow, nameOf } from './follow.ts'
import type { NameOrGetter } from './follow.ts'
import { useNearest } from './provide-client.ts'
import { toReactive } from './reactive.ts'
import type { RegisteredContract } from './types.ts'

/** The requests of a component: `status`, `data` and `error` in runes mode, and a store of the three. */
export type UsedRequest<C, Name> = RequestState<RequestAnswer<C, Name>> &
  Readable<RequestState<RequestAnswer<C, Name>>> & {
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
 * Returns a function that sends requests of a name, and the state of the last one: `idle`, `pending`, `ok` with `data`,
 * or `error`. The name may be a function, which is called again when what it reads changes.
 *
 * Nothing is sent before `send()`. A request that is pending is aborted when the component unmounts, and when the name
 * changes; the status is `idle` then. The server may have received the request.
 *
 * @example
 * const found = useRequest(client, 'find', { timeout: 5_000 })
 */
export function useRequest<C, Name extends NamesOf<C>['request']>(
  client: Client<C>,
  name: NameOrGetter<Name>,
  options?: UseRequestOptions,
): UsedRequest<C, Name>
/**
 * The same for the client that is provided.
 *
 * @throws {Error} when there is none
 */
export function useRequest<Name extends NamesOf<RegisteredContract>['request']>(
  name: NameOrGetter<Name>,
  options?: UseRequestOptions,
): UsedRequest<RegisteredContract, Name>
export function useRequest(...args: unknown[]): object {
  const [given, name, options] = withClient<Client, [NameOrGetter<string>, UseRequestOptions | undefined]>(
    args,
  )
  const client = useNearest(given)
  const store = createRequestStore()
  const shown = toReactive<RequestState<unknown>>(store, idleRequest)
  follow(name, () => store.reset)
  return {
    get status() {
      return shown.current.status
    },
    get data() {
      return shown.current.data
    },
    get error() {
      return shown.current.error
    },
    subscribe: shown.subscribe,
    send: (input?: unknown) => store.send(client, nameOf(name), input, options),
    reset: store.reset,
  }
}
