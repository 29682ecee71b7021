import { idle } from '@holdfast/bindings'
import type { ConnectionLike } from '@holdfast/bindings'
import type { ClientState } from 'holdfast'
import { withClient } from './arguments.ts'
import { useNearest } from './provide-client.ts'
import { toReactive } from './reactive.ts'
import type { Reactive } from './reactive.ts'

type Selector<T> = (state: ClientState) => T

/**
 * Returns the state of a client's connection as a reactive value.
 *
 * Messages do not change it. On a server the state is `idle`.
 *
 * @example
 * const connection = useConnection(client)
 */
export function useConnection(client?: ConnectionLike): Reactive<ClientState>
/**
 * Returns the value that the selector returns for that state, as a reactive value, which changes only when that value
 * does.
 *
 * @example
 * const isOpen = useConnection(client, (state) => state.status === 'open')
 */
export function useConnection<T>(client: ConnectionLike, selector: (state: ClientState) => T): Reactive<T>
/**
 * The same for the client that is provided.
 *
 * @throws {Error} when there is none
 */
export function useConnection<T>(selector: (state: ClientState) => T): Reactive<T>
export function useConnection(...args: unknown[]): Reactive<unknown> {
  const [given, selector = (state: ClientState) => state] = withClient<
    ConnectionLike,
    [selector?: Selector<unknown>]
  >(args)
  const client = useNearest(given)
  const selected = {
    get state() {
      return selector(client.state)
    },
    subscribe(listener: () => unknown) {
      let last = selector(client.state)
      return client.subscribe(() => {
        const next = selector(client.state)
        if (Object.is(next, last)) return
        last = next
        listener()
      })
    },
  }
  return toReactive(selected, selector(idle))
}
