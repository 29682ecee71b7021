import { channelPart } from '@holdfast/bindings'
import type { ChannelFunctions, ChannelTarget, NamesOf, UseChannelOptions } from '@holdfast/bindings'
import type { Channel, ChannelState, Client, KindOf } from 'holdfast'
import type { MaybeRefOrGetter, ShallowRef } from 'vue'
import { withClient } from './arguments.ts'
import { useNearest } from './provide-client.ts'
import type { RegisteredContract } from './types.ts'
import { usePart } from './use-part.ts'

/** The channel of a component. */
export interface UsedChannel<C, Kind> extends ChannelFunctions<C, Kind> {
  readonly state: Readonly<ShallowRef<ChannelState>>
}

/**
 * Subscribes to a channel from before the component mounts until it unmounts. The name may be a ref or a getter.
 *
 * Components with the same channel share its subscription. A component that `KeepAlive` deactivates leaves the channel;
 * when it is back, it continues from its position: it gets what it has missed, or a `gap`. On a server, and while the
 * page hydrates, the state is `joining`. `publish` and `history` work once the component mounts.
 *
 * @example
 * const room = useChannel(client, () => `room:${id}`, {
 *   on: { message: ({ text }) => messages.value.push(text) },
 *   watch: { gap: () => (messages.value = []) },
 * })
 */
export function useChannel<C, Name extends NamesOf<C>['channel']>(
  client: Client<C>,
  name: MaybeRefOrGetter<Name>,
  options?: UseChannelOptions<C, KindOf<C, Name>>,
): UsedChannel<C, KindOf<C, Name>>
/**
 * The same for the client that is provided.
 *
 * @throws {Error} when there is none
 */
export function useChannel<Name extends NamesOf<RegisteredContract>['channel']>(
  name: MaybeRefOrGetter<Name>,
  options?: UseChannelOptions<RegisteredContract, KindOf<RegisteredContract, Name>>,
): UsedChannel<RegisteredContract, KindOf<RegisteredContract, Name>>
export function useChannel(...args: unknown[]): object {
  const [given, name, options] = withClient<
    Client,
    [MaybeRefOrGetter<string>, Omit<ChannelTarget, 'client' | 'name'> | undefined]
  >(args)
  const { state, handle } = usePart(channelPart, useNearest(given), name, options)
  const publish: Channel['publish'] = (...publication) => handle().publish(...publication)
  const history: Channel['history'] = (how) => handle().history(how)
  return { state, publish, history }
}
