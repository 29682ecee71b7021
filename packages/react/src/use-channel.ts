import type {
  Channel,
  ChannelData,
  ChannelEvent,
  ChannelLifecycle,
  ChannelName,
  ChannelOptions,
  ChannelState,
  Client,
  Handler,
  KindOf,
  Publication,
} from 'holdfast'
import { useEffect, useInsertionEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { createChannelStore } from './channel-store.ts'
import type { ChannelTarget } from './channel-store.ts'
import { useNearest } from './provider.ts'
import type { RegisteredContract } from './types.ts'

/** What a component does with a channel. */
export interface UseChannelOptions<C, Kind> extends ChannelOptions {
  /**
   * The handlers of publications, by event. Handlers may be new functions on every render; the events are those of the
   * first one.
   */
  readonly on?: {
    readonly [Event in ChannelEvent<C, Kind>]?: (
      data: ChannelData<C, Kind, Event, 'output'>,
      publication: Publication<Event, ChannelData<C, Kind, Event, 'output'>>,
    ) => unknown
  }
  /** The listeners of changes of the subscription. */
  readonly watch?: { readonly [Change in keyof ChannelLifecycle]?: Handler<ChannelLifecycle[Change]> }
}

/** A channel, as long as the component is mounted. The same object until its state changes. */
export type UsedChannel<C, Kind> = Pick<Channel<C, Kind>, 'state' | 'publish' | 'history'>

const joining: ChannelState = { status: 'joining', reason: undefined }

/**
 * Subscribes to a channel while the component is mounted.
 *
 * Renders when the state of the channel changes, and never because of a publication; set state in a handler for that.
 * The hook calls the handlers of the last render. Components with the same channel share its subscription. On a server,
 * and while a page hydrates, the state is `joining`.
 *
 * @example
 * const room = useChannel(client, `room:${id}`, {
 *   on: { message: (message) => setMessages((all) => [...all, message]) },
 *   watch: { gap: () => reload() },
 * })
 */
export function useChannel<C, Name extends string & ChannelName<C>>(
  client: Client<C>,
  name: Name,
  options?: UseChannelOptions<C, KindOf<C, Name>>,
): UsedChannel<C, KindOf<C, Name>>
/**
 * The same for the client of the nearest {@link HoldfastProvider}.
 *
 * @throws {Error} when there is no provider
 */
// oxlint-disable-next-line typescript/no-duplicate-type-constituents -- a string only until a client is registered
export function useChannel<Name extends string & ChannelName<RegisteredContract>>(
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
  const [store] = useState(() => createChannelStore((handle) => handle, joining))
  useInsertionEffect(() => store.aim({ ...options, client, name }))
  useEffect(() => store.open(client, name), [store, client, name])
  const state = useSyncExternalStore(
    store.subscribe,
    () => store.stateOf(client, name),
    () => joining,
  )
  return useMemo(
    (): UsedChannel<unknown, string> => ({
      state,
      publish: (...published: unknown[]) => store.handle().publish(...(published as [string])),
      history: (how) => store.handle().history(how) as Promise<never>,
    }),
    [store, state],
  )
}
