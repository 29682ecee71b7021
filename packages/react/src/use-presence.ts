import { createChannelStore, nobody, presencePart } from '@holdfast/bindings'
import type { NamesOf } from '@holdfast/bindings'
import type { Client, KindOf, Presence, PresenceData, PresenceState } from 'holdfast'
import { useEffect, useInsertionEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { useNearest } from './provider.ts'
import type { RegisteredContract } from './types.ts'

/** Who is in a channel. The same object until the members change; `set` never changes. */
export type UsedPresence<Data> = PresenceState<Data> & Pick<Presence<Data>, 'set'>

/**
 * Returns who is in a channel, and subscribes to it while the component is mounted.
 *
 * Renders when the members change, and never because of a publication. On a server, and while a page hydrates, there
 * are no members. `set` sets the data of this client, from an effect or an event.
 *
 * @example
 * const { members, set } = usePresence(client, 'room:42')
 * const names = members.map(({ identity }) => identity)
 */
export function usePresence<C, Name extends NamesOf<C>['channel']>(
  client: Client<C>,
  name: Name,
): UsedPresence<PresenceData<C, KindOf<C, Name>>>
/**
 * The same for the client of the nearest {@link HoldfastProvider}.
 *
 * @throws {Error} when there is no provider
 */
export function usePresence<Name extends NamesOf<RegisteredContract>['channel']>(
  name: Name,
): UsedPresence<PresenceData<RegisteredContract, KindOf<RegisteredContract, Name>>>
export function usePresence(...args: unknown[]): UsedPresence<unknown> {
  // Read from the end, because the client is optional.
  const client = useNearest(args.at(-2) as Client | undefined)
  const name = args.at(-1) as string
  const [{ store, set }] = useState(createUsedPresence)
  useInsertionEffect(() => store.aim({ client, name }))
  useEffect(() => store.open(client, name), [store, client, name])
  const state = useSyncExternalStore(
    store.subscribe,
    () => store.stateOf(client, name),
    () => nobody,
  )
  return useMemo(() => ({ ...state, set }), [state, set])
}

function createUsedPresence() {
  const store = createChannelStore(presencePart)
  return { store, set: (data: unknown): void => store.handle().presence.set(data) }
}
