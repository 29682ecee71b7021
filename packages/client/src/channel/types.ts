import type {
  AnyContract,
  ChannelData,
  ChannelEvent,
  EventArguments,
  Handler,
  PresenceData,
  RequestOptions,
  Unsubscribe,
} from '@holdfast/protocol'
import type { Member } from './members.ts'

/** The place of a publication in its channel. Plain data, which an application may keep and pass as `since`. */
export interface Position {
  /** Changes when the log of the channel begins anew. */
  readonly epoch: string
  /** The number of the publication, from 1; 0 before the first one. */
  readonly offset: number
  readonly id: string
}

/** An entry of the log of a channel. */
export interface Publication<Event extends string = string, Data = unknown> extends Position {
  readonly event: Event
  readonly data: Data
}

/** The state of a channel. Immutable: every change creates a new object. */
export interface ChannelState {
  /**
   * `joining` until the server has answered, and while there is no connection; `joined`; `refused` by the server;
   * `left` after `leave()` or the `dispose()` of the client.
   */
  readonly status: 'joining' | 'joined' | 'refused' | 'left'
  /**
   * Why the server has refused, or ended, the subscription: `forbidden`, `too-many`, `kicked`, `left`, or a word of
   * the application; `unsupported` for a server without channels. While `joining`: why it asked the client to try
   * again later, such as `unavailable`. `disposed` after the `dispose()` of the client.
   */
  readonly reason: string | undefined
}

/** The kinds of `watch`, and the arguments of their listeners. */
export interface ChannelLifecycle {
  /** The server has subscribed the client, on a new connection too. */
  readonly joined: ChannelState
  /** The server has refused or ended the subscription. */
  readonly refused: ChannelState
  /** Missed publications were all delivered, in order and once. */
  readonly recovered: Recovered
  /** Publications were missed that the log no longer has. Reported before anything newer is delivered. */
  readonly gap: Gap
}

export interface Recovered {
  /** The number of publications that were missed and have been delivered now. */
  readonly count: number
}

export interface Gap {
  /** The number of publications that are missed, or undefined if it is not known. */
  readonly missed: number | undefined
}

export interface ChannelOptions {
  /**
   * The position from which to continue: publications above it are delivered first, or reported as a `gap`. If the
   * channel has other handles, what they have received since that position is a `gap` for this one.
   *
   * @default the end of the log
   */
  readonly since?: Position | undefined
}

export interface PublishOptions extends RequestOptions {
  /**
   * The id of the publication, 1 to 64 characters. The channel remembers recent ids, so a publication whose outcome is
   * unknown can be repeated with the same id.
   *
   * @default a random id
   */
  readonly id?: string | undefined
}

export interface HistoryOptions extends RequestOptions {
  /**
   * The maximum number of publications. The server may return fewer, and then sets `more`: at most 1,000 or 1 MiB.
   *
   * @default 100
   */
  readonly limit?: number | undefined
  /** The offset below which to read. Without it, the end of the log. */
  readonly before?: number | undefined
}

/** A part of the log of a channel, oldest publication first. */
export interface History<C, Kind> {
  readonly epoch: string
  readonly publications: readonly {
    [Event in ChannelEvent<C, Kind>]: Publication<Event, ChannelData<C, Kind, Event, 'output'>>
  }[ChannelEvent<C, Kind>][]
  /** Whether the log has older publications. */
  readonly more: boolean
}

/** The members of a channel. Immutable: every change creates a new object. */
export interface PresenceState<Data = unknown> {
  readonly members: readonly Member<Data>[]
  /** Whether the server has sent the members. They remain while there is no connection. */
  readonly isKnown: boolean
}

/** Who is in a channel. The first use of it asks the server for the members. */
export interface Presence<Data = unknown> {
  readonly state: PresenceState<Data>
  /** Calls the listener after every change of `state`. */
  subscribe(listener: () => void): Unsubscribe
  /**
   * Calls the handler for every member that joins, leaves or has other data. A reconnect is no change: only the
   * differences to the members from before are reported.
   */
  on(kind: 'join' | 'leave' | 'update', handler: Handler<Member<Data>>): Unsubscribe
  /**
   * Sets the data of this client, for a kind of channel that lets clients choose it; undefined removes it. Applies to
   * this connection and those that follow. Calls of one turn count as one.
   *
   * @throws {HoldfastError} `misuse` for data that is not JSON
   */
  set(data: Data | undefined): void
}

/** A handle of a channel of that kind, created by `channel()`. */
export interface Channel<C = AnyContract, Kind = string> {
  readonly name: string
  readonly state: ChannelState
  /** The last publication that was delivered, or the end of the log at the first join; undefined before. */
  readonly position: Position | undefined
  /** Calls the listener after every change of `state`, never because of a publication. */
  subscribe(listener: () => void): Unsubscribe
  /** Calls the listener for changes of the subscription. */
  watch<Kind extends keyof ChannelLifecycle>(
    kind: Kind,
    listener: Handler<ChannelLifecycle[Kind]>,
  ): Unsubscribe
  /**
   * Calls the handler for every publication of that event, in the order of the log and once.
   *
   * The client reports a handler that throws or rejects, and calls the other handlers regardless.
   */
  on<Event extends string & ChannelEvent<C, Kind>>(
    event: Event,
    handler: (
      data: ChannelData<C, Kind, Event, 'output'>,
      publication: Publication<Event, ChannelData<C, Kind, Event, 'output'>>,
    ) => unknown,
  ): Unsubscribe
  /**
   * Publishes, and resolves to the position of the publication. Survives a broken connection as a request does.
   *
   * A subscriber receives its own publications too, before or after the promise resolves.
   *
   * @throws {HoldfastError} `misuse`, synchronously, for data that the wire or the contract does not accept
   * @throws {HoldfastError} rejects with `remote` and the reason of the server, such as `forbidden`, `rate` or
   * `unavailable`, or as `request` does
   */
  publish<Event extends string & ChannelEvent<C, Kind>>(
    event: Event,
    ...args: EventArguments<ChannelData<C, Kind, Event, 'input'>, PublishOptions>
  ): Promise<Position>
  /**
   * Reads the log of the channel. Does not move `position`.
   *
   * @throws {HoldfastError} rejects as `publish` does
   */
  history(options?: HistoryOptions): Promise<History<C, Kind>>
  readonly presence: Presence<PresenceData<C, Kind>>
  /** Ends this handle and removes its handlers. The subscription ends with its last handle. */
  leave(): void
}
