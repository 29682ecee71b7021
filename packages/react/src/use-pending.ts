import { nothingPending } from '@holdfast/bindings'
import type { ConnectionLike } from '@holdfast/bindings'
import { pending } from 'holdfast'
import type { PendingMessage } from 'holdfast'
import { useSyncExternalStore } from 'react'
import { useNearest } from './provider.ts'

/**
 * Returns the messages that have no outcome yet, in the order in which they are delivered: those that wait for the
 * connection, and those that the server has not acknowledged.
 *
 * Renders when the list changes, once for all changes of a turn. Without a client, the hook uses the client of the
 * nearest {@link HoldfastProvider}. On a server, and while a page hydrates, the list is empty.
 *
 * @throws {Error} without a client, when there is no provider
 * @example
 * const unsent = usePending(client).filter(({ name }) => name === 'chat')
 */
export function usePending(client?: ConnectionLike): readonly PendingMessage[] {
  const store = pending(useNearest(client))
  return useSyncExternalStore(
    store.subscribe,
    () => store.state,
    () => nothingPending,
  )
}
