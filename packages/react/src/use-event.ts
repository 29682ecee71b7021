import type { Client, EventName } from 'holdfast'
import { useEffect, useInsertionEffect, useState } from 'react'
import { useNearest } from './provider.ts'
import { createSubscription } from './subscription.ts'
import type { Target } from './subscription.ts'
import type { EventHandler, RegisteredContract } from './types.ts'

// `string &` makes the compiler's complaints list the names that there are.

/**
 * Calls the handler for every event of that name while the component is mounted.
 *
 * The handler may be a new function on every render: the one that was rendered last is called, so it sees the current
 * props and state, and nothing is subscribed anew. A new name or client takes the place of the old one in the commit that
 * brings it. Renders nothing by itself; set state in the handler for that. What it throws or rejects with goes where
 * the client reports exceptions.
 *
 * @example
 * useEvent(client, 'chat', ({ message }) => setMessages((all) => [...all, message]))
 */
export function useEvent<C, Name extends string & EventName<C, 'toClient'>>(
  client: Client<C>,
  name: Name,
  handler: EventHandler<C, Name>,
): void
/**
 * The same for the client of the nearest {@link HoldfastProvider}.
 *
 * @throws {Error} when there is no provider
 */
// oxlint-disable-next-line typescript/no-duplicate-type-constituents -- a string only until a client is registered
export function useEvent<Name extends string & EventName<RegisteredContract, 'toClient'>>(
  name: Name,
  handler: EventHandler<RegisteredContract, Name>,
): void
export function useEvent(...args: unknown[]): void {
  // From the end, because the client may be left out.
  const client = useNearest(args.at(-3) as Client | undefined)
  const [name, handler] = args.slice(-2) as [string, Target['handler']]
  const [subscription] = useState(createSubscription)
  // Runs in the commit itself: no event can come between what was rendered and the handler that belongs to it.
  useInsertionEffect(() => subscription.aim({ client, name, handler }))
  useEffect(subscription.start, [subscription])
}
