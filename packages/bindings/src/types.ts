import type {
  Channel,
  ChannelData,
  ChannelEvent,
  ChannelLifecycle,
  ChannelName,
  ChannelOptions,
  Client,
  EventData,
  EventName,
  Handler,
  Publication,
  RequestInput,
  RequestName,
  RequestOptions,
} from 'holdfast'

/** What handles an event of that name: the same as for `client.on`. */
export type EventHandler<C, Name> = Handler<EventData<C, 'toClient', Name>>

/** The part of a client that shows its connection. */
export type ConnectionLike = Pick<Client, 'state' | 'subscribe'>

/** What a component does with a channel. */
export interface UseChannelOptions<C, Kind> extends ChannelOptions {
  /** The handlers of publications, by event. */
  readonly on?: {
    readonly [Event in ChannelEvent<C, Kind>]?: (
      data: ChannelData<C, Kind, Event, 'output'>,
      publication: Publication<Event, ChannelData<C, Kind, Event, 'output'>>,
    ) => unknown
  }
  /** The listeners of changes of the subscription. */
  readonly watch?: { readonly [Change in keyof ChannelLifecycle]?: Handler<ChannelLifecycle[Change]> }
}

/** The functions of a channel that never change. */
export type ChannelFunctions<C, Kind> = Pick<Channel<C, Kind>, 'publish' | 'history'>

/** The options of the requests of a component, which aborts them itself. */
export type UseRequestOptions = Omit<RequestOptions, 'signal'>

/** The names in a contract: strings, so that compile errors list the existing ones. */
export interface NamesOf<C> {
  readonly event: string & EventName<C, 'toClient'>
  readonly request: string & RequestName<C>
  readonly channel: string & ChannelName<C>
}

/** The input of a request, which may be left out if it has none. */
export type InputArguments<C, Name> =
  undefined extends RequestInput<C, 'toServer', Name>
    ? [input?: RequestInput<C, 'toServer', Name>]
    : [input: RequestInput<C, 'toServer', Name>]
