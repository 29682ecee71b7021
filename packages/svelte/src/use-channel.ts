import { channelPart } from '@holdfast/bindings'
import type { ChannelFunctions, ChannelTarget, NamesOf, UseChannelOptions } from '@holdfast/bindings'
import type { Channel, ChannelState, Client, KindOf } from 'holdfast'
import type { Readable } from 'svelte/store'
import { withClient } from './arguments.ts'
import type { NameOrGetter } from './follow.ts'
import { useNearest } from './provide-client.ts'
import type { RegisteredContract } from './types.ts'
import { usePart } from './use-part.ts'

/** The channel of a component: `state` in runes mode, and a store of that state. */
export interface UsedChannel<C, Kind> extends ChannelFunctions<C, Kind>, Readable<ChannelState> {
  readonly state: ChannelState
}

/**
 * Subscribes to a channel while the component is mounted. The name may be a function, which is called again when what it
 * reads changes.
 *
 * Components with the same channel share its subscription. On a server, and until the component is mounted, the state is
 * `joining`. `publish` and `history` work once the component is mounted.
 *
 * @example
 * const room = useChannel(client, () => `room:${id}`, {
 *   on: { message: ({ text }) => messages.push(text) },
 *   watch: { gap: () => (messages.length = 0) },
 * })
 */
export function useChannel<C, Name extends NamesOf<C>['channel']>(
  client: Client<C>,
  name: NameOrGetter<Name>,
  options?: UseChannelOptions<C, KindOf<C, Name>>,
): UsedChannel<C, KindOf<C, Name>>
/**
 * The same for the client that is provided.
 *
 * @throws {Error} when there is none
 */
export function useChannel<Name extends NamesOf<RegisteredContract>['channel']>(
  name: NameOrGetter<Name>,
  options?: UseChannelOptions<RegisteredContract, KindOf<RegisteredContract, Name>>,
): UsedChannel<RegisteredContract, KindOf<RegisteredContract, Name>>
export function useChannel(...args: unknown[]): object {
  const [given, name, options] = withClient<
    Client,
    [NameOrGetter<string>, Omit<ChannelTarget, 'client' | 'name'> | undefined]
  >(args)
  const { shown, handle } = usePart(channelPart, useNearest(given), name, options)
  const publish: Channel['publish'] = (...publication) => handle().publish(...publication)
  const history: Channel['history'] = (how) => handle().history(how)
  return {
    get state() {
      return shown.current
    },
    subscribe: shown.subscribe,
    publish,
    history,
  }
}
