import { presencePart } from '@holdfast/bindings'
import type { NamesOf } from '@holdfast/bindings'
import type { Client, KindOf, Member, Presence, PresenceData } from 'holdfast'
import { computed } from 'vue'
import type { ComputedRef, MaybeRefOrGetter } from 'vue'
import { withClient } from './arguments.ts'
import { useNearest } from './provide-client.ts'
import type { RegisteredContract } from './types.ts'
import { usePart } from './use-part.ts'

/** Who is in a channel. */
export interface UsedPresence<Data> extends Pick<Presence<Data>, 'set'> {
  readonly members: ComputedRef<readonly Member<Data>[]>
  readonly isKnown: ComputedRef<boolean>
}

/**
 * Returns who is in a channel as refs, and subscribes to it from before the component mounts until it unmounts. The name
 * may be a ref or a getter.
 *
 * On a server, and while the page hydrates, there are no members. `set` sets the data of this client, once the component
 * mounts.
 *
 * @example
 * const { members, set } = usePresence(client, () => `room:${id}`)
 */
export function usePresence<C, Name extends NamesOf<C>['channel']>(
  client: Client<C>,
  name: MaybeRefOrGetter<Name>,
): UsedPresence<PresenceData<C, KindOf<C, Name>>>
/**
 * The same for the client that is provided.
 *
 * @throws {Error} when there is none
 */
export function usePresence<Name extends NamesOf<RegisteredContract>['channel']>(
  name: MaybeRefOrGetter<Name>,
): UsedPresence<PresenceData<RegisteredContract, KindOf<RegisteredContract, Name>>>
export function usePresence(...args: unknown[]): UsedPresence<unknown> {
  const [given, name] = withClient<Client, [MaybeRefOrGetter<string>]>(args)
  const { state, handle } = usePart(presencePart, useNearest(given), name)
  return {
    members: computed(() => state.value.members),
    isKnown: computed(() => state.value.isKnown),
    set: (data) => handle().presence.set(data),
  }
}
