import type { ConnectionLike } from '@holdfast/bindings'
import { countdown } from 'holdfast'
import { useNearest } from './provide-client.ts'
import { toReactive } from './reactive.ts'
import type { Reactive } from './reactive.ts'

/**
 * Returns the seconds until the next attempt to connect as a reactive value, rounded up; undefined unless the client
 * waits for one.
 *
 * It changes once a second while the client waits. Without a client, it is for the one that is provided. On a server it
 * is undefined.
 *
 * @throws {Error} without a client, when none is provided
 * @example
 * const seconds = useCountdown(client)
 */
export function useCountdown(client?: ConnectionLike): Reactive<number | undefined> {
  return toReactive(countdown(useNearest(client)), undefined)
}
