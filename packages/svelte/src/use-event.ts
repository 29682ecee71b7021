import type { EventHandler, NamesOf } from '@holdfast/bindings'
import type { Client } from 'holdfast'
import { withClient } from './arguments.ts'
import { follow } from './follow.ts'
import type { NameOrGetter } from './follow.ts'
import { useNearest } from './provide-client.ts'
import type { RegisteredContract } from './types.ts'

/**
 * Calls the handler for every event of that name while the component is mounted.
 *
 * The name may be a function, which is called again when what it reads changes. Exceptions and rejections of the handler
 * go to the exception report of the client.
 *
 * @example
 * useEvent(client, 'chat', ({ message }) => messages.push(message))
 */
export function useEvent<C, Name extends NamesOf<C>['event']>(
  client: Client<C>,
  name: NameOrGetter<Name>,
  handler: EventHandler<C, Name>,
): void
/**
 * The same for the client that is provided.
 *
 * @throws {Error} when there is none
 */
export function useEvent<Name extends NamesOf<RegisteredContract>['event']>(
  name: NameOrGetter<Name>,
  handler: EventHandler<RegisteredContract, Name>,
): void
export function useEvent(...args: unknown[]): void {
  const [given, name, handler] = withClient<Client, [NameOrGetter<string>, (data: unknown) => unknown]>(args)
  const client = useNearest(given)
  follow(name, (current) => client.on(current, handler))
}
