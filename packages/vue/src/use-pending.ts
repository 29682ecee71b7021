import { nothingPending } from '@holdfast/bindings'
import type { ConnectionLike } from '@holdfast/bindings'
import { pending } from 'holdfast'
import type { PendingMessage } from 'holdfast'
import type { ShallowRef } from 'vue'
import { useNearest } from './provide-client.ts'
import { useStore } from './use-state.ts'

/**
 * Returns the messages that have no outcome yet as a ref, in the order in which they are delivered: those that wait for
 * the connection, and those that the server has not acknowledged.
 *
 * The ref changes once for all changes of a turn. Without a client, it is for the one that is provided. On a server, and
 * while the page hydrates, the list is empty.
 *
 * @throws {Error} without a client, when none is provided
 * @example
 * const unsent = usePending(client)
 */
export function usePending(client?: ConnectionLike): Readonly<ShallowRef<readonly PendingMessage[]>> {
  return useStore(pending(useNearest(client)), nothingPending)
}
