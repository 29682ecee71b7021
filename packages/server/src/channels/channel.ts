import type {
  AnyContract,
  ChannelData,
  ChannelEvent,
  ChannelKind,
  EventArguments,
  EventData,
  EventName,
  PresenceData,
} from '@holdfast/protocol'
import type { Peer } from '../peer.ts'
import type { Position } from './broker.ts'
import type { PeerJoinOptions } from './peer-join-options.ts'

/** The kinds of the channels of a hub: those of its contract, or any if the contract has no channels. */
export type HubChannelKind<C> = [ChannelKind<C>] extends [never] ? string : ChannelKind<C>

/** The names of the channels of a hub: `kind` or `kind:id`. */
export type HubChannelName<C> = HubChannelKind<C> | `${HubChannelKind<C>}:${string}`

/**
 * The names of the events that a hub publishes in a channel. Without channels in the contract, only clients that the hub has
 * subscribed can receive them, as events of their contract.
 */
export type PublicationName<C, Kind> =
  Kind extends ChannelKind<C> ? ChannelEvent<C, Kind> : EventName<C, 'toClient'>

/** The data of such an event, as it is published. */
export type PublicationData<C, Kind, Event> =
  Kind extends ChannelKind<C> ? ChannelData<C, Kind, Event, 'input'> : EventData<C, 'toClient', Event>

/** A channel of that kind, as the application uses it: `hub.channel(name)`. Holds nothing: make as many as you like. */
export interface Channel<C = AnyContract, Kind = string, Data = unknown> {
  readonly name: string
  /**
   * Publishes an event to all subscribers, on all hubs that share the broker. Resolves to its position once it is in the
   * log.
   *
   * @throws {HoldfastError} rejects with `misuse` for data that the wire does not accept, with `disposed` when the hub is closed, or
   * with the error of the broker; after that, the publication may be repeated with the same `id`
   */
  publish<Event extends string & PublicationName<C, Kind>>(
    event: Event,
    ...args: EventArguments<PublicationData<C, Kind, Event>, PublishOptions>
  ): Promise<Position>
  /** How many sessions of this hub are subscribed. */
  readonly size: number
  /** Reads the members of the channel, on all hubs that share the broker. There are none if its kind has no presence. */
  presence(): Promise<readonly ChannelMember<PresenceData<C, Kind>>[]>
  /**
   * Reads the newest publications, or the newest below an offset.
   *
   * @throws {HoldfastError} rejects with `misuse` for a `limit` or a `before` that is not an integer above 0, or with the error of
   * the broker
   */
  history(options?: HistoryOptions): Promise<ChannelPage<PublicationOf<C, Kind>>>
  /**
   * Ends the subscription of a client, which is notified of `kicked`. It may ask again: whether it is still allowed is up to the
   * `subscribe` rule of the kind, so take its permission away before.
   */
  kick(peer: Peer<C, Data>): void
  /**
   * Subscribes every session that the identity has now, on all hubs that share the broker, as `peer.join` does. Resolves once the
   * broker has taken it.
   *
   * @throws {HoldfastError} rejects with `misuse` for presence data that is too large, or not JSON, or with the error of the broker
   */
  join(identity: string, options?: PeerJoinOptions<PresenceData<C, Kind>>): Promise<void>
  /** Ends the subscriptions of every session that the identity has, in the same way: as `peer.leave` does. */
  leave(identity: string): Promise<void>
}

/** A member of a channel. */
export interface ChannelMember<Data = unknown> {
  /** Its key in the channel: `memberKey` of its peer, or its identity where members count by identity. */
  readonly key: string
  readonly identity: string | null
  readonly data: Data
}

export interface PublishOptions {
  /** 1 to 64 characters. A second publication with the same id is not appended, if the first was recent. */
  readonly id?: string
  /**
   * How long to try again while the broker fails, in milliseconds. The publication keeps its id, so it is not appended twice; others
   * may be appended before it.
   *
   * @default 0
   */
  readonly wait?: number
}

export interface HistoryOptions {
  /**
   * The maximum number of publications.
   *
   * @default 100
   */
  readonly limit?: number
  /** An offset: only publications below it. */
  readonly before?: number
}

/** A part of the history of a channel, in the order of its log. */
export interface ChannelPage<Publication = ChannelPublication> {
  readonly epoch: string
  readonly publications: readonly Publication[]
  /** Whether there are older ones. */
  readonly more: boolean
}

/** A publication of any event of a kind. */
export type PublicationOf<C, Kind, Event extends string = PublicationName<C, Kind>> = Event extends unknown
  ? ChannelPublication<Event, PublicationData<C, Kind, Event>>
  : never

export interface ChannelPublication<Event extends string = string, Data = unknown> {
  readonly offset: number
  readonly id: string
  readonly event: Event
  readonly data: Data
}
