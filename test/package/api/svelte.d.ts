// Written by `node test/package/api.ts --accept`.
// react.d.ts has: RequestState EventHandler ConnectionLike UseChannelOptions UseRequestOptions NamesOf InputArguments Register RegisteredContract useClient
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
  PresenceState,
  Presence,
  PresenceData,
  RequestAnswer,
} from 'holdfast'
import { Readable } from 'svelte/store'
type ChannelFunctions<C, Kind> = Pick<Channel<C, Kind>, 'publish' | 'history'>
interface ProvideOptions {
  readonly connect?: boolean
}
declare function provideClient<C>(client: Client<C>, { connect }?: ProvideOptions): void
type NameOrGetter<Name extends string> = Name | (() => Name)
interface Reactive<T> extends Readable<T> {
  readonly current: T
}
interface UsedChannel<C, Kind> extends ChannelFunctions<C, Kind>, Readable<ChannelState> {
  readonly state: ChannelState
}
declare function useChannel<C, Name extends NamesOf<C>['channel']>(
  client: Client<C>,
  name: NameOrGetter<Name>,
  options?: UseChannelOptions<C, KindOf<C, Name>>,
): UsedChannel<C, KindOf<C, Name>>
declare function useChannel<Name extends NamesOf<RegisteredContract>['channel']>(
  name: NameOrGetter<Name>,
  options?: UseChannelOptions<RegisteredContract, KindOf<RegisteredContract, Name>>,
): UsedChannel<RegisteredContract, KindOf<RegisteredContract, Name>>
declare function useConnection(client?: ConnectionLike): Reactive<ClientState>
declare function useConnection<T>(client: ConnectionLike, selector: (state: ClientState) => T): Reactive<T>
declare function useConnection<T>(selector: (state: ClientState) => T): Reactive<T>
declare function useCountdown(client?: ConnectionLike): Reactive<number | undefined>
declare function useEvent<C, Name extends NamesOf<C>['event']>(
  client: Client<C>,
  name: NameOrGetter<Name>,
  handler: EventHandler<C, Name>,
): void
declare function useEvent<Name extends NamesOf<RegisteredContract>['event']>(
  name: NameOrGetter<Name>,
  handler: EventHandler<RegisteredContract, Name>,
): void
declare function usePending(client?: ConnectionLike): Reactive<readonly PendingMessage[]>
type UsedPresence<Data> = PresenceState<Data> & Readable<PresenceState<Data>> & Pick<Presence<Data>, 'set'>
declare function usePresence<C, Name extends NamesOf<C>['channel']>(
  client: Client<C>,
  name: NameOrGetter<Name>,
): UsedPresence<PresenceData<C, KindOf<C, Name>>>
declare function usePresence<Name extends NamesOf<RegisteredContract>['channel']>(
  name: NameOrGetter<Name>,
): UsedPresence<PresenceData<RegisteredContract, KindOf<RegisteredContract, Name>>>
type UsedRequest<C, Name> = RequestState<RequestAnswer<C, Name>> &
  Readable<RequestState<RequestAnswer<C, Name>>> & {
    send(...input: InputArguments<C, Name>): Promise<RequestAnswer<C, Name>>
    reset(): void
  }
declare function useRequest<C, Name extends NamesOf<C>['request']>(
  client: Client<C>,
  name: NameOrGetter<Name>,
  options?: UseRequestOptions,
): UsedRequest<C, Name>
declare function useRequest<Name extends NamesOf<RegisteredContract>['request']>(
  name: NameOrGetter<Name>,
  options?: UseRequestOptions,
): UsedRequest<RegisteredContract, Name>
export {
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
  InputArguments,
  NameOrGetter,
  NamesOf,
  ProvideOptions,
  Reactive,
  Register,
  RegisteredContract,
  RequestState,
  UseChannelOptions,
  UseRequestOptions,
  UsedChannel,
  UsedPresence,
  UsedRequest,
}
