// Written by `node test/package/api.ts --accept`.
import {
  Client,
  Handler,
  EventData,
  AnyContract,
  ChannelOptions,
  ChannelEvent,
  ChannelData,
  Publication,
  ChannelLifecycle,
  Channel,
  ChannelName,
  KindOf,
  ClientState,
  EventName,
  PresenceState,
  Presence,
  PresenceData,
} from 'holdfast'
import { ReactNode, ReactElement } from 'react'
interface Register {}
type RegisteredContract = Register extends {
  readonly client: Client<infer C>
}
  ? C
  : AnyContract
type EventHandler<C, Name> = Handler<EventData<C, 'toClient', Name>>
type ConnectionLike = Pick<Client, 'state' | 'subscribe'>
interface HoldfastProviderProps {
  readonly client: Client<RegisteredContract>
  readonly connect?: boolean
  readonly children?: ReactNode
}
declare function HoldfastProvider({ client, connect, children }: HoldfastProviderProps): ReactElement
declare function useClient<C = RegisteredContract>(): Client<C>
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
type UsedChannel<C, Kind> = Pick<Channel<C, Kind>, 'state' | 'publish' | 'history'>
declare function useChannel<C, Name extends string & ChannelName<C>>(
  client: Client<C>,
  name: Name,
  options?: UseChannelOptions<C, KindOf<C, Name>>,
): UsedChannel<C, KindOf<C, Name>>
declare function useChannel<Name extends string & ChannelName<RegisteredContract>>(
  name: Name,
  options?: UseChannelOptions<RegisteredContract, KindOf<RegisteredContract, Name>>,
): UsedChannel<RegisteredContract, KindOf<RegisteredContract, Name>>
type Selector<T> = (state: ClientState) => T
declare function useConnection<T>(client: ConnectionLike, selector: Selector<T>): T
declare function useConnection<T>(selector: Selector<T>): T
declare function useEvent<C, Name extends string & EventName<C, 'toClient'>>(
  client: Client<C>,
  name: Name,
  handler: EventHandler<C, Name>,
): void
declare function useEvent<Name extends string & EventName<RegisteredContract, 'toClient'>>(
  name: Name,
  handler: EventHandler<RegisteredContract, Name>,
): void
type UsedPresence<Data> = PresenceState<Data> & Pick<Presence<Data>, 'set'>
declare function usePresence<C, Name extends string & ChannelName<C>>(
  client: Client<C>,
  name: Name,
): UsedPresence<PresenceData<C, KindOf<C, Name>>>
declare function usePresence<Name extends string & ChannelName<RegisteredContract>>(
  name: Name,
): UsedPresence<PresenceData<RegisteredContract, KindOf<RegisteredContract, Name>>>
export { HoldfastProvider, useChannel, useClient, useConnection, useEvent, usePresence }
export type {
  ConnectionLike,
  EventHandler,
  HoldfastProviderProps,
  Register,
  RegisteredContract,
  UseChannelOptions,
  UsedChannel,
  UsedPresence,
}
