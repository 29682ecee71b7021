// Written by `node test/package/api.ts --accept`.
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
  AnyContract,
  Channel,
  KindOf,
  ClientState,
  PendingMessage,
  PresenceState,
  Presence,
  PresenceData,
  RequestAnswer,
} from 'holdfast'
import { ReactNode, ReactElement } from 'react'
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
type UseRequestOptions = Omit<RequestOptions, 'signal'>
interface NamesOf<C> {
  readonly event: string & EventName<C, 'toClient'>
  readonly request: string & RequestName<C>
  readonly channel: string & ChannelName<C>
}
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
type RegisteredClient = Register extends {
  readonly client: Client<infer C>
}
  ? Client<C>
  : Client
interface HoldfastProviderProps {
  readonly client: RegisteredClient
  readonly connect?: boolean
  readonly children?: ReactNode
}
declare function HoldfastProvider({ client, connect, children }: HoldfastProviderProps): ReactElement
declare function useClient<C = RegisteredContract>(): Client<C>
type UsedChannel<C, Kind> = Pick<Channel<C, Kind>, 'state' | 'publish' | 'history'>
declare function useChannel<C, Name extends NamesOf<C>['channel']>(
  client: Client<C>,
  name: Name,
  options?: UseChannelOptions<C, KindOf<C, Name>>,
): UsedChannel<C, KindOf<C, Name>>
declare function useChannel<Name extends NamesOf<RegisteredContract>['channel']>(
  name: Name,
  options?: UseChannelOptions<RegisteredContract, KindOf<RegisteredContract, Name>>,
): UsedChannel<RegisteredContract, KindOf<RegisteredContract, Name>>
declare function useConnection<T>(client: ConnectionLike, selector: (state: ClientState) => T): T
declare function useConnection<T>(selector: (state: ClientState) => T): T
declare function useCountdown(client?: ConnectionLike): number | undefined
declare function useEvent<C, Name extends NamesOf<C>['event']>(
  client: Client<C>,
  name: Name,
  handler: EventHandler<C, Name>,
): void
declare function useEvent<Name extends NamesOf<RegisteredContract>['event']>(
  name: Name,
  handler: EventHandler<RegisteredContract, Name>,
): void
declare function usePending(client?: ConnectionLike): readonly PendingMessage[]
type UsedPresence<Data> = PresenceState<Data> & Pick<Presence<Data>, 'set'>
declare function usePresence<C, Name extends NamesOf<C>['channel']>(
  client: Client<C>,
  name: Name,
): UsedPresence<PresenceData<C, KindOf<C, Name>>>
declare function usePresence<Name extends NamesOf<RegisteredContract>['channel']>(
  name: Name,
): UsedPresence<PresenceData<RegisteredContract, KindOf<RegisteredContract, Name>>>
type UsedRequest<C, Name> = RequestState<RequestAnswer<C, Name>> & {
  send(...input: InputArguments<C, Name>): Promise<RequestAnswer<C, Name>>
  reset(): void
}
declare function useRequest<C, Name extends NamesOf<C>['request']>(
  client: Client<C>,
  name: Name,
  options?: UseRequestOptions,
): UsedRequest<C, Name>
declare function useRequest<Name extends NamesOf<RegisteredContract>['request']>(
  name: Name,
  options?: UseRequestOptions,
): UsedRequest<RegisteredContract, Name>
export {
  HoldfastProvider,
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
  HoldfastProviderProps,
  InputArguments,
  NamesOf,
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
