import type { SessionStoreListener, SessionStoreNode } from '../moves/session-store.ts'

/**
 * Holds the logs of channels and who is present in them, and brings what is published to the hubs that are subscribed. `memory()` is
 * one, for hubs of one process.
 *
 * Everything that a broker does may take long, and may fail. It may lose its data, wholly or in part, as a database does that
 * fails over. It may bring publications late, and those of different channels in any order. The hub copes with all of that,
 * because it checks the positions of what it gets; what it cannot find out by itself is in {@link BrokerListener.reset}.
 */
export interface Broker {
  /** Adds a hub, for as long as the node is not closed. Must not call the listener before it returns. */
  open(listener: BrokerListener): BrokerNode
  /**
   * Adds a hub whose sessions other hubs can take. A broker without it keeps no sessions: each session stays on its hub. Must not call
   * the listener before it returns.
   */
  openSessions?(listener: SessionStoreListener): SessionStoreNode
}

/** The notifications of a broker for a hub. Its methods do not throw. */
export interface BrokerListener {
  /**
   * A publication of a channel that the hub is subscribed to. `before` is the id of the entry directly before it, which tells that
   * the log has lost its end meanwhile, and has used the offsets again.
   */
  published(channel: string, epoch: string, entry: LogEntry, before: string): void
  /** A member of a channel that the hub is subscribed to came, changed or left. */
  memberChanged(channel: string, change: MemberChange): void
  /**
   * Something may be missing: publications, changes of members, or members that this node has set. A broker calls this whenever
   * it has renewed the connection by which it receives, or finds that it talks to another server or that data is lost. All
   * subscriptions are in place again by then. The hub reads what it needs again, and sets its members again.
   */
  reset(): void
}

/** The part of a broker that one hub uses. The promises of all methods may reject, after which a call may be repeated. */
export interface BrokerNode {
  /**
   * Appends a publication, and brings it to all subscribed hubs, this one included. Calls for one channel take effect in
   * the order in which they were made.
   *
   * A publication whose `id` is that of a recent one of the channel is not appended again: the result is the position of
   * that one. Recent are at least the last 100, and all that are in the log.
   */
  append(channel: string, publication: NewEntry, bounds: LogBounds): Promise<Position>
  /**
   * Subscribes to a channel. Once the promise is resolved, everything that is appended afterwards is brought to the listener, or
   * the listener is notified of a `reset`.
   */
  subscribe(channel: string): Promise<void>
  /** Ends a subscription. What was published before may still arrive. */
  unsubscribe(channel: string): void
  /** Reads the log of a channel. A channel that was never used has an empty log. */
  read(channel: string, range: LogRange): Promise<LogSlice>

  /**
   * Makes a member of a channel, or changes it. It stays until it is removed, or until the lease of this node ends. A node renews its
   * lease by itself; when its process dies, its members leave soon after.
   */
  setMember(channel: string, member: Member): Promise<void>
  /** Removes a member, if this node was the last one that has set it. */
  removeMember(channel: string, key: string): Promise<void>
  /**
   * Gives a member up, if this node was the last one that has set it, for a session that goes on at another node. The member stays for
   * `ttl` milliseconds or a little longer, also when this node is closed. If a node sets it meanwhile, it is that node's; if none does, it
   * leaves. Only its leaving is announced: a node that sets it with the same data changes nothing.
   */
  parkMember(channel: string, key: string, ttl: number): Promise<void>
  members(channel: string): Promise<Members>

  /** Ends all subscriptions and removes all members of this node. Nothing is brought to the listener any more. */
  close(): Promise<void>
}

/** An entry of a log: its offset, which is 1 for the first and one more for each, and its id. */
export interface Place {
  readonly offset: number
  readonly id: string
}

/** An entry of a log, and everything before it. Before the first publication, the offset is 0 and the id empty. */
export interface Position extends Place {
  /** Changes whenever a log begins anew, with an offset that was used before. 1 to 64 characters. */
  readonly epoch: string
}

/** A publication that is to be appended. */
export interface NewEntry {
  /** 1 to 64 characters. */
  readonly id: string
  /** The encoded event, of which a broker knows nothing. */
  readonly text: string
}

/** A publication in a log. */
export interface LogEntry extends Place, NewEntry {
  /** When it was appended, in milliseconds since the Unix epoch. */
  readonly at: number
}

/** How much of a log is kept: the newest publications, up to all of these bounds. */
export interface LogBounds {
  readonly maxMessages: number
  /** The texts of the publications, in UTF-16 units. */
  readonly maxBytes: number
  /** Milliseconds. */
  readonly maxAge: number
}

/** What is read of a log: what is above an offset, or the last so many; of that the first `limit`, if it is given. */
export type LogRange = ({ readonly after: number } | { readonly last: number }) & { readonly limit?: number }

/** A part of a log, without holes. */
export interface LogSlice {
  readonly epoch: string
  /** The newest publication of the log. */
  readonly head: Place
  /**
   * What is directly before the first of the entries, or the head if there are none. So a log remembers one place more
   * than it has publications: a subscriber that has everything up to there has missed only the entries.
   */
  readonly before: Place
  readonly entries: readonly LogEntry[]
}

/** A session that is present in a channel. */
export interface Member {
  /** That of the session, the same in all channels. Does not reveal its id. */
  readonly key: string
  readonly identity: string | null
  /** JSON; undefined for none. */
  readonly data: string | undefined
}

/** A member that came, changed or left. */
export interface MemberChange {
  /** One more than that of the change before, in this channel. */
  readonly version: number
  readonly key: string
  /** Undefined if it left. */
  readonly member: Member | undefined
}

/** All members of a channel, after the change of that version. */
export interface Members {
  readonly version: number
  readonly members: readonly Member[]
}
