import { idle } from '@holdfast/bindings'
import type { ConnectionLike } from '@holdfast/bindings'
import type { ClientState } from 'holdfast'
import { computed } from 'vue'
import type { ComputedRef, ShallowRef } from 'vue'
import { withClient } from './arguments.ts'
import { useNearest } from './provide-client.ts'
import { useStore } from './use-state.ts'

/**
 * Returns the state of a client's connection as a ref.
 *
 * Messages do not change it. On a server, and while the page hydrates, the state is `idle`.
 *
 * @example
 * const connection = useConnection(client)
 */
export function useConnection(client?: ConnectionLike): Readonly<ShallowRef<ClientState>>
/**
 * Returns the value that the selector returns for that state, as a computed ref, which changes only when that value
 * does.
 *
 * @example
 * const isOpen = useConnection(client, (state) => state.status === 'open')
 */
export function useConnection<T>(client: ConnectionLike, selector: (state: ClientState) => T): ComputedRef<T>
/**
 * The same for the client that is provided.
 *
 * @throws {Error} when there is none
 */
export function useConnection<T>(selector: (state: ClientState) => T): ComputedRef<T>
export function useConnection(...args: unknown[]): Readonly<ShallowRef<unknown>> {
  const [given, selector] = withClient<ConnectionLike, [selector?: (state: ClientState) => unknown]>(args)
  const state = useStore(useNearest(given), idle)
  return selector ? computed(() => selector(state.value)) : state
}
