import type { EventHandler, NamesOf } from '@holdfast/bindings'
import type { Client } from 'holdfast'
import type { MaybeRefOrGetter } from 'vue'
import { withClient } from './arguments.ts'
import { follow } from './follow.ts'
import { useNearest } from './provide-client.ts'
import type { RegisteredContract } from './types.ts'

/**
 * Calls the handler for every event of that name, from before the component mounts until it unmounts or `KeepAlive`
 * deactivates it. In another scope, until the end of the scope.
 *
 * The name may be a ref or a getter. Exceptions and rejections of the handler go to the exception report of the client.
 *
 * @example
 * useEvent(client, 'chat', ({ message }) => messages.value.push(message))
 */
export function useEvent<C, Name extends NamesOf<C>['event']>(
  client: Client<C>,
  name: MaybeRefOrGetter<Name>,
  handler: EventHandler<C, Name>,
): void
/**
 * The same for the client that is provided.
 *
 * @throws {Error} when there is none
 */
export function useEvent<Name extends NamesOf<RegisteredContract>['event']>(
  name: MaybeRefOrGetter<Name>,
  handler: EventHandler<RegisteredContract, Name>,
): void
export function useEvent(...args: unknown[]): void {
  const [given, name, handler] = withClient<Client, [MaybeRefOrGetter<string>, (data: unknown) => unknown]>(
    args,
  )
  const client = useNearest(given)
  follow(name, (current) => client.on(current, handler))
}
