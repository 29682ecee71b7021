import { nothingPending } from '@holdfast/bindings'
import type { ConnectionLike } from '@holdfast/bindings'
import { pending } from 'holdfast'
import type { PendingMessage } from 'holdfast'
import { useNearest } from './provide-client.ts'
import { toReactive } from './reactive.ts'
import type { Reactive } from './reactive.ts'

/**
 * Returns the messages that have no outcome yet as a reactive value, in the order in which they are delivered: those
 * that wait for the connection, and those that the server has not acknowledged.
 *
 * It changes once for all changes of a turn. Without a client, it is for the one that is provided. On a server the list
 * is empty.
 *
 * @throws {Error} without a client, when none is provided
 * @example
 * const unsent = usePending(client)
 */
export function usePending(client?: ConnectionLike): Reactive<readonly PendingMessage[]> {
  return toReactive(pending(useNearest(client)), nothingPending)
}
