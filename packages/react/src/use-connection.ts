import { idle } from '@holdfast/bindings'
import type { ConnectionLike } from '@holdfast/bindings'
import type { ClientState } from 'holdfast'
import { useMemo, useSyncExternalStore } from 'react'
import { useNearest } from './provider.ts'

type Selector<T> = (state: ClientState) => T

/**
 * Returns the value that the selector returns for the state of a client's connection.
 *
 * Renders again when that value changes, compared with `Object.is`, and never because of messages. A selector that
 * returns a new object renders on every change of the state. On a server, and while a page hydrates, the state is
 * `idle`.
 *
 * @example
 * const status = useConnection(client, (state) => state.status)
 */
export function useConnection<T>(client: ConnectionLike, selector: (state: ClientState) => T): T
/**
 * The same for the client of the nearest {@link HoldfastProvider}.
 *
 * @throws {Error} when there is no provider
 */
export function useConnection<T>(selector: (state: ClientState) => T): T
export function useConnection<T>(...args: unknown[]): T {
  // Read from the end, because the client is optional.
  const client = useNearest(args.at(-2) as ConnectionLike | undefined)
  const selector = args.at(-1) as Selector<T>
  const select = useMemo(() => remember(selector), [selector])
  return useSyncExternalStore(
    client.subscribe,
    () => select(client.state),
    () => select(idle),
  )
}

/** React calls this more than once per render, and needs the same object each time. */
function remember<T>(selector: Selector<T>): Selector<T> {
  let from: ClientState | undefined
  let selected: T
  return (state) => {
    if (state !== from) {
      selected = selector(state)
      from = state
    }
    return selected
  }
}
