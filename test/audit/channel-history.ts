/** What applications see of channels. `channel` is the name of one. */
export type ChannelEvent =
  | Subscribed
  | Unsubscribed
  | ChannelJoined
  | ChannelRefused
  | ChannelGap
  | ChannelRecovered
  | Published
  | PublishEnded
  | PublicationGot
  | MembersSeen

/** An application is about to open a channel that it has not open. */
export interface Subscribed {
  readonly type: 'subscribed'
  readonly channel: string
  /** Where it was before. */
  readonly since?: { readonly epoch: string; readonly offset: number }
}

/** An application is about to leave a channel. */
export interface Unsubscribed {
  readonly type: 'unsubscribed'
  readonly channel: string
}

/** `watch('joined')`, with the position at that moment. */
export interface ChannelJoined extends Place {
  readonly type: 'channel-joined'
}

/** `watch('refused')`. */
export interface ChannelRefused {
  readonly type: 'channel-refused'
  readonly channel: string
  readonly reason: string
}

/** `watch('gap')`, with the position at that moment. */
export interface ChannelGap extends Place {
  readonly type: 'channel-gap'
  readonly missed: number | null
}

/** `watch('recovered')`. */
export interface ChannelRecovered {
  readonly type: 'channel-recovered'
  readonly channel: string
  readonly count: number
}

/** A client or a server is about to publish. The number travels in the data, and is unique in a history. */
export interface Published {
  readonly type: 'published'
  readonly publication: number
  readonly channel: string
}

/** That has come to an end: with a position, or with the code of an error. */
export type PublishEnded =
  | (Place & { readonly type: 'publish-ended'; readonly publication: number })
  | {
      readonly type: 'publish-ended'
      readonly publication: number
      readonly channel: string
      readonly code: string
      readonly reason?: string
    }

/** A handler of a client was called with a publication. */
export interface PublicationGot extends Place {
  readonly type: 'publication'
  readonly publication: number
}

/** The list of members has changed: the clients that it names, each as often as it is there. */
export interface MembersSeen {
  readonly type: 'members'
  readonly channel: string
  readonly members: readonly string[]
}

interface Place {
  readonly channel: string
  readonly epoch: string
  readonly offset: number
}
