import { createSubscription } from '@holdfast/bindings'
import type { EventHandler, NamesOf, Target } from '@holdfast/bindings'
import type { Client } from 'holdfast'
import { useEffect, useInsertionEffect, useState } from 'react'
import { useNearest } from './provider.ts'
import type { RegisteredContract } from './types.ts'

/**
 * Calls the handler for every event of that name while the component is mounted.
 *
 * The handler may be a new function on every render: the hook calls that of the last render, which sees the current
 * props and state, without subscribing again. A new name or client replaces the old one in the same commit. The hook
 * causes no render; set state in the handler for that. Exceptions and rejections of the handler go to the exception
 * report of the client.
 *
 * @example
 * useEvent(client, 'chat', ({ message }) => setMessages((all) => [...all, message]))
 */
export function useEvent<C, Name extends NamesOf<C>['event']>(
  client: Client<C>,
  name: Name,
  handler: EventHandler<C, Name>,
): void
/**
 * The same for the client of the nearest {@link HoldfastProvider}.
 *
 * @throws {Error} when there is no provider
 */
export function useEvent<Name extends NamesOf<RegisteredContract>['event']>(
  name: Name,
  handler: EventHandler<RegisteredContract, Name>,
): void
export function useEvent(...args: unknown[]): void {
  // Read from the end, because the client is optional.
  const client = useNearest(args.at(-3) as Client | undefined)
  const [name, handler] = args.slice(-2) as [string, Target['handler']]
  const [subscription] = useState(createSubscription)
  // Runs in the commit itself: no event can arrive between a render and the registration of its handler.
  useInsertionEffect(() => subscription.aim({ client, name, handler }))
  useEffect(subscription.start, [subscription])
}
