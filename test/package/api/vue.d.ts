// Written by `node test/package/api.ts --accept`.
// react.d.ts has: RequestState EventHandler ConnectionLike UseChannelOptions UseRequestOptions NamesOf InputArguments Register RegisteredContract RegisteredClient useClient
// svelte.d.ts has: ChannelFunctions ProvideOptions provideClient
import {
  HoldfastError,
  Client,
  Handler,
  EventData,
  RequestInput,
  EventName,
  RequestName,
  ChannelName,
  ChannelOptions,
  ChannelEvent,
  ChannelData,
  Publication,
  ChannelLifecycle,
  RequestOptions,
  Channel,
  AnyContract,
  ChannelState,
  KindOf,
  ClientState,
  PendingMessage,
  Presence,
  Member,
  PresenceData,
  RequestAnswer,
} from 'holdfast'
import { App, ShallowRef, MaybeRefOrGetter, ComputedRef } from 'vue'
interface HoldfastPluginOptions extends ProvideOptions {
  readonly client: RegisteredClient
}
declare const holdfast: {
  install(app: App, options: HoldfastPluginOptions): void
}
interface UsedChannel<C, Kind> extends ChannelFunctions<C, Kind> {
  readonly state: Readonly<ShallowRef<ChannelState>>
}
declare function useChannel<C, Name extends NamesOf<C>['channel']>(
  client: Client<C>,
  name: MaybeRefOrGetter<Name>,
  options?: UseChannelOptions<C, KindOf<C, Name>>,
): UsedChannel<C, KindOf<C, Name>>
declare function useChannel<Name extends NamesOf<RegisteredContract>['channel']>(
  name: MaybeRefOrGetter<Name>,
  options?: UseChannelOptions<RegisteredContract, KindOf<RegisteredContract, Name>>,
): UsedChannel<RegisteredContract, KindOf<RegisteredContract, Name>>
declare function useConnection(client?: ConnectionLike): Readonly<ShallowRef<ClientState>>
declare function useConnection<T>(client: ConnectionLike, selector: (state: ClientState) => T): ComputedRef<T>
declare function useConnection<T>(selector: (state: ClientState) => T): ComputedRef<T>
declare function useCountdown(client?: ConnectionLike): Readonly<ShallowRef<number | undefined>>
declare function useEvent<C, Name extends NamesOf<C>['event']>(
  client: Client<C>,
  name: MaybeRefOrGetter<Name>,
  handler: EventHandler<C, Name>,
): void
declare function useEvent<Name extends NamesOf<RegisteredContract>['event']>(
  name: MaybeRefOrGetter<Name>,
  handler: EventHandler<RegisteredContract, Name>,
): void
declare function usePending(client?: ConnectionLike): Readonly<ShallowRef<readonly PendingMessage[]>>
interface UsedPresence<Data> extends Pick<Presence<Data>, 'set'> {
  readonly members: ComputedRef<readonly Member<Data>[]>
  readonly isKnown: ComputedRef<boolean>
}
declare function usePresence<C, Name extends NamesOf<C>['channel']>(
  client: Client<C>,
  name: MaybeRefOrGetter<Name>,
): UsedPresence<PresenceData<C, KindOf<C, Name>>>
declare function usePresence<Name extends NamesOf<RegisteredContract>['channel']>(
  name: MaybeRefOrGetter<Name>,
): UsedPresence<PresenceData<RegisteredContract, KindOf<RegisteredContract, Name>>>
interface UsedRequest<C, Name> {
  readonly status: ComputedRef<RequestState<unknown>['status']>
  readonly data: ComputedRef<RequestAnswer<C, Name> | undefined>
  readonly error: ComputedRef<HoldfastError | undefined>
  send(...input: InputArguments<C, Name>): Promise<RequestAnswer<C, Name>>
  reset(): void
}
declare function useRequest<C, Name extends NamesOf<C>['request']>(
  client: Client<C>,
  name: MaybeRefOrGetter<Name>,
  options?: UseRequestOptions,
): UsedRequest<C, Name>
declare function useRequest<Name extends NamesOf<RegisteredContract>['request']>(
  name: MaybeRefOrGetter<Name>,
  options?: UseRequestOptions,
): UsedRequest<RegisteredContract, Name>
export {
  holdfast,
  provideClient,
  useChannel,
  useClient,
  useConnection,
  useCountdown,
  useEvent,
  usePending,
  usePresence,
  useRequest,
}
export type {
  ConnectionLike,
  EventHandler,
  HoldfastPluginOptions,
  InputArguments,
  NamesOf,
  ProvideOptions,
  Register,
  RegisteredClient,
  RegisteredContract,
  RequestState,
  UseChannelOptions,
  UseRequestOptions,
  UsedChannel,
  UsedPresence,
  UsedRequest,
}
