import type { Peer } from '../peer.ts'
import type { Position } from './broker.ts'
import type { PeerJoinOptions } from './peer-join-options.ts'

/** A channel, as the application uses it: `hub.channel(name)`. Holds nothing: make as many as you like. */
export interface Channel<P = Peer> {
  readonly name: string
  /**
   * Publishes an event to all subscribers, on all hubs that share the broker. Resolves to its position once it is in the
   * log.
   *
   * @throws {HoldfastError} rejects with `misuse` for data that the wire does not accept, with `disposed` when the hub is closed, or
   * with the error of the broker; after that, the publication may be repeated with the same `id`
   */
  publish(event: string, data?: unknown, options?: PublishOptions): Promise<Position>
  /** How many sessions of this hub are subscribed. */
  readonly size: number
  /** Reads the members of the channel, on all hubs that share the broker. There are none if its kind has no presence. */
  presence(): Promise<readonly ChannelMember[]>
  /** Reads the newest publications, or the newest below an offset. */
  history(options?: HistoryOptions): Promise<ChannelPage>
  /**
   * Ends the subscription of a client, which is notified of `kicked`. It may ask again: whether it is still allowed is up to the
   * `subscribe` rule of the kind, so take its permission away before.
   */
  kick(peer: P): void
  /**
   * Subscribes every session that the identity has now, on all hubs that share the broker, as `peer.join` does. Resolves once the
   * broker has taken it.
   *
   * @throws {HoldfastError} rejects with the error of the broker
   */
  join(identity: string, options?: PeerJoinOptions): Promise<void>
  /** Ends the subscriptions of every session that the identity has, in the same way: as `peer.leave` does. */
  leave(identity: string): Promise<void>
}

/** A member of a channel. */
export interface ChannelMember {
  /** Its key in the channel: `memberKey` of its peer, or its identity where members count by identity. */
  readonly key: string
  readonly identity: string | null
  readonly data: unknown
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
  /** @default 100 */
  readonly limit?: number
  /** An offset: only publications below it. */
  readonly before?: number
}

/** A part of the history of a channel, in the order of its log. */
export interface ChannelPage {
  readonly epoch: string
  readonly publications: readonly ChannelPublication[]
  /** Whether there are older ones. */
  readonly more: boolean
}

export interface ChannelPublication {
  readonly offset: number
  readonly id: string
  readonly event: string
  readonly data: unknown
}
