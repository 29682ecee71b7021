import type { ConnectionLike } from '@holdfast/bindings'
import { countdown } from 'holdfast'
import type { ShallowRef } from 'vue'
import { useNearest } from './provide-client.ts'
import { useStore } from './use-state.ts'

/**
 * Returns the seconds until the next attempt to connect as a ref, rounded up; undefined unless the client waits for one.
 *
 * The ref changes once a second while the client waits. Without a client, it is for the one that is provided. On a
 * server, and while the page hydrates, it is undefined.
 *
 * @throws {Error} without a client, when none is provided
 * @example
 * const seconds = useCountdown(client)
 */
export function useCountdown(client?: ConnectionLike): Readonly<ShallowRef<number | undefined>> {
  return useStore(countdown(useNearest(client)), undefined)
}
