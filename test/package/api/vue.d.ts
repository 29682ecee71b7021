// Written by `node test/package/api.ts --accept`.
import {
  HoldfastError,
  Client,
  Handler,
  EventData,
  RequestInput,
  ChannelOptions,
  ChannelEvent,
  ChannelData,
  Publication,
  ChannelLifecycle,
  RequestOptions,
  Channel,
  AnyContract,
  ChannelState,
  ChannelName,
  KindOf,
  ClientState,
  EventName,
  PendingMessage,
  Presence,
  Member,
  PresenceData,
  RequestAnswer,
  RequestName,
} from 'holdfast'
import { App, ShallowRef, MaybeRefOrGetter, ComputedRef } from 'vue'
type RequestState<Answer> =
  | {
      readonly status: 'idle'
      readonly data: undefined
      readonly error: undefined
    }
  | {
      readonly status: 'pending'
      readonly data: Answer | undefined
      readonly error: undefined
    }
  | {
      readonly status: 'ok'
      readonly data: Answer
      readonly error: undefined
    }
  | {
      readonly status: 'error'
      readonly data: undefined
      readonly error: HoldfastError
    }
type EventHandler<C, Name> = Handler<EventData<C, 'toClient', Name>>
type ConnectionLike = Pick<Client, 'state' | 'subscribe'>
interface UseChannelOptions<C, Kind> extends ChannelOptions {
  readonly on?: {
    readonly [Event in ChannelEvent<C, Kind>]?: (
      data: ChannelData<C, Kind, Event, 'output'>,
      publication: Publication<Event, ChannelData<C, Kind, Event, 'output'>>,
    ) => unknown
  }
  readonly watch?: {
    readonly [Change in keyof ChannelLifecycle]?: Handler<ChannelLifecycle[Change]>
  }
}
type ChannelFunctions<C, Kind> = Pick<Channel<C, Kind>, 'publish' | 'history'>
type UseRequestOptions = Omit<RequestOptions, 'signal'>
type InputArguments<C, Name> =
  undefined extends RequestInput<C, 'toServer', Name>
    ? [input?: RequestInput<C, 'toServer', Name>]
    : [input: RequestInput<C, 'toServer', Name>]
interface Register {}
type RegisteredContract = Register extends {
  readonly client: Client<infer C>
}
  ? C
  : AnyContract
interface ProvideOptions {
  readonly connect?: boolean
}
interface HoldfastPluginOptions extends ProvideOptions {
  readonly client: Client<RegisteredContract>
}
declare const holdfast: {
  install(app: App, options: HoldfastPluginOptions): void
}
declare function provideClient<C>(client: Client<C>, { connect }?: ProvideOptions): void
declare function useClient<C = RegisteredContract>(): Client<C>
interface UsedChannel<C, Kind> extends ChannelFunctions<C, Kind> {
  readonly state: Readonly<ShallowRef<ChannelState>>
}
declare function useChannel<C, Name extends string & ChannelName<C>>(
  client: Client<C>,
  name: MaybeRefOrGetter<Name>,
  options?: UseChannelOptions<C, KindOf<C, Name>>,
): UsedChannel<C, KindOf<C, Name>>
declare function useChannel<Name extends string & ChannelName<RegisteredContract>>(
  name: MaybeRefOrGetter<Name>,
  options?: UseChannelOptions<RegisteredContract, KindOf<RegisteredContract, Name>>,
): UsedChannel<RegisteredContract, KindOf<RegisteredContract, Name>>
declare function useConnection(client?: ConnectionLike): Readonly<ShallowRef<ClientState>>
declare function useConnection<T>(client: ConnectionLike, selector: (state: ClientState) => T): ComputedRef<T>
declare function useConnection<T>(selector: (state: ClientState) => T): ComputedRef<T>
declare function useCountdown(client?: ConnectionLike): Readonly<ShallowRef<number | undefined>>
declare function useEvent<C, Name extends string & EventName<C, 'toClient'>>(
  client: Client<C>,
  name: MaybeRefOrGetter<Name>,
  handler: EventHandler<C, Name>,
): void
declare function useEvent<Name extends string & EventName<RegisteredContract, 'toClient'>>(
  name: MaybeRefOrGetter<Name>,
  handler: EventHandler<RegisteredContract, Name>,
): void
declare function usePending(client?: ConnectionLike): Readonly<ShallowRef<readonly PendingMessage[]>>
interface UsedPresence<Data> extends Pick<Presence<Data>, 'set'> {
  readonly members: ComputedRef<readonly Member<Data>[]>
  readonly isKnown: ComputedRef<boolean>
}
declare function usePresence<C, Name extends string & ChannelName<C>>(
  client: Client<C>,
  name: MaybeRefOrGetter<Name>,
): UsedPresence<PresenceData<C, KindOf<C, Name>>>
declare function usePresence<Name extends string & ChannelName<RegisteredContract>>(
  name: MaybeRefOrGetter<Name>,
): UsedPresence<PresenceData<RegisteredContract, KindOf<RegisteredContract, Name>>>
interface UsedRequest<C, Name> {
  readonly status: ComputedRef<RequestState<unknown>['status']>
  readonly data: ComputedRef<RequestAnswer<C, Name> | undefined>
  readonly error: ComputedRef<HoldfastError | undefined>
  send(...input: InputArguments<C, Name>): Promise<RequestAnswer<C, Name>>
  reset(): void
}
declare function useRequest<C, Name extends string & RequestName<C>>(
  client: Client<C>,
  name: MaybeRefOrGetter<Name>,
  options?: UseRequestOptions,
): UsedRequest<C, Name>
declare function useRequest<Name extends string & RequestName<RegisteredContract>>(
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
  ProvideOptions,
  Register,
  RegisteredContract,
  RequestState,
  UseChannelOptions,
  UseRequestOptions,
  UsedChannel,
  UsedPresence,
  UsedRequest,
}
