import { channelPart, createChannelStore, joining } from '@holdfast/bindings'
import type { ChannelTarget, NamesOf, UseChannelOptions } from '@holdfast/bindings'
import type { Channel, Client, KindOf } from 'holdfast'
import { useEffect, useInsertionEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { useNearest } from './provider.ts'
import type { RegisteredContract } from './types.ts'

/** The channel of a component. The same object until its state changes; `publish` and `history` never change. */
export type UsedChannel<C, Kind> = Pick<Channel<C, Kind>, 'state' | 'publish' | 'history'>

/**
 * Subscribes to a channel while the component is mounted.
 *
 * Renders when the state of the channel changes, and never because of a publication; set state in a handler for that.
 * The hook calls the handlers of the last render. Components with the same channel share its subscription. A component
 * that React hides and shows again continues from its position: it gets what it has missed, or a `gap`. On a server,
 * and while a page hydrates, the state is `joining`.
 *
 * @example
 * const room = useChannel(client, 'room:42', {
 *   on: { message: ({ text }) => setMessages((all) => [...all, text]) },
 *   watch: { gap: () => setMessages(() => []) },
 * })
 */
export function useChannel<C, Name extends NamesOf<C>['channel']>(
  client: Client<C>,
  name: Name,
  options?: UseChannelOptions<C, KindOf<C, Name>>,
): UsedChannel<C, KindOf<C, Name>>
/**
 * The same for the client of the nearest {@link HoldfastProvider}.
 *
 * @throws {Error} when there is no provider
 */
export function useChannel<Name extends NamesOf<RegisteredContract>['channel']>(
  name: Name,
  options?: UseChannelOptions<RegisteredContract, KindOf<RegisteredContract, Name>>,
): UsedChannel<RegisteredContract, KindOf<RegisteredContract, Name>>
export function useChannel(...args: unknown[]): object {
  const [given, name, options] = (typeof args[0] === 'string' ? [undefined, ...args] : args) as [
    Client | undefined,
    string,
    Omit<ChannelTarget, 'client' | 'name'> | undefined,
  ]
  const client = useNearest(given)
  const [{ store, publish, history }] = useState(createUsedChannel)
  // Runs in the commit itself: no publication can arrive between a render and the registration of its handlers.
  useInsertionEffect(() => store.aim({ ...options, client, name }))
  useEffect(() => store.open(client, name), [store, client, name])
  const state = useSyncExternalStore(
    store.subscribe,
    () => store.stateOf(client, name),
    () => joining,
  )
  return useMemo(() => ({ state, publish, history }), [state, publish, history])
}

function createUsedChannel() {
  const store = createChannelStore(channelPart)
  const publish: Channel['publish'] = (...args) => store.handle().publish(...args)
  const history: Channel['history'] = (options) => store.handle().history(options)
  return { store, publish, history }
}
