import { presencePart } from '@holdfast/bindings'
import type { NamesOf } from '@holdfast/bindings'
import type { Client, KindOf, Presence, PresenceData, PresenceState } from 'holdfast'
import type { Readable } from 'svelte/store'
import { withClient } from './arguments.ts'
import type { NameOrGetter } from './follow.ts'
import { useNearest } from './provide-client.ts'
import type { RegisteredContract } from './types.ts'
import { usePart } from './use-part.ts'

/** Who is in a channel: `members` and `isKnown` in runes mode, and a store of both. */
export type UsedPresence<Data> = PresenceState<Data> &
  Readable<PresenceState<Data>> &
  Pick<Presence<Data>, 'set'>

/**
 * Returns who is in a channel, and subscribes to it while the component is mounted. The name may be a function, which is
 * called again when what it reads changes.
 *
 * On a server, and until the component is mounted, there are no members. `set` sets the data of this client, once the
 * component is mounted.
 *
 * @example
 * const presence = usePresence(client, () => `room:${id}`)
 */
export function usePresence<C, Name extends NamesOf<C>['channel']>(
  client: Client<C>,
  name: NameOrGetter<Name>,
): UsedPresence<PresenceData<C, KindOf<C, Name>>>
/**
 * The same for the client that is provided.
 *
 * @throws {Error} when there is none
 */
export function usePresence<Name extends NamesOf<RegisteredContract>['channel']>(
  name: NameOrGetter<Name>,
): UsedPresence<PresenceData<RegisteredContract, KindOf<RegisteredContract, Name>>>
export function usePresence(...args: unknown[]): UsedPresence<unknown> {
  const [given, name] = withClient<Client, [NameOrGetter<string>]>(args)
  const { shown, handle } = usePart(presencePart, useNearest(given), name)
  return {
    get members() {
      return shown.current.members
    },
    get isKnown() {
      return shown.current.isKnown
    },
    subscribe: shown.subscribe,
    set: (data) => handle().presence.set(data),
  }
}
