import type { ConnectionLike } from '@holdfast/bindings'
import { countdown } from 'holdfast'
import { useSyncExternalStore } from 'react'
import { useNearest } from './provider.ts'

/**
 * Returns the seconds until the next attempt to connect, rounded up; undefined unless the client waits for one.
 *
 * Renders when that number changes: once a second while the client waits, and never otherwise. Without a client, the
 * hook uses the client of the nearest {@link HoldfastProvider}. On a server, and while a page hydrates, it is undefined.
 *
 * @throws {Error} without a client, when there is no provider
 * @example
 * const seconds = useCountdown(client)
 */
export function useCountdown(client?: ConnectionLike): number | undefined {
  const store = countdown(useNearest(client))
  return useSyncExternalStore(
    store.subscribe,
    () => store.state,
    () => undefined,
  )
}
