/** How large the world is that is searched. */
export interface World {
  /** How many publications there are in all, by any number of writers. */
  readonly publications: number
  /** How many publications the log keeps, and one more to recognise a position at its end. */
  readonly history: number
  /** How many of the latest publications a subscriber gets that has no position. */
  readonly rewind: number
  readonly nodes: 1 | 2
  readonly subscribers: 1 | 2
  /** A node does not notice a failover: its pub/sub stays with the former primary. */
  readonly isStealthy: boolean
  /** How often each of these may happen. */
  readonly chances: Partial<Chances>
}

/** What may happen so and so often, to all subscribers and nodes together. */
export interface Chances {
  /** A client loses its connection, and dials any node. */
  dials: number
  /** A client leaves, to join again. */
  leaves: number
  /** The pub/sub connection of a node breaks. */
  breaks: number
  /** Another primary takes over, without the last one or two writes. */
  failovers: number
  /** The log is emptied. */
  wipes: number
  /** A node leaves out a publication for a subscriber that is too slow. */
  skips: number
  /** A client drops a publication that waits to be delivered. */
  drops: number
  /** A path loses a publication. */
  losses: number
  /** A writer gets no answer, and publishes again with the same `pub`. */
  repeats: number
  /** A server cannot decide yet whether a client may join. */
  delays: number
  /** A server ends a subscription, and allows none from then on. */
  kicks: number
  /** A server ends a subscription, and allows the next one. */
  ends: number
}

/** The rules that can be broken, each by what is done instead. */
export type Breach =
  /** The log is read before pub/sub stands. */
  | 'read-then-subscribe'
  /** Publications that arrive while the log is read are passed on. */
  | 'pass-while-reading'
  /** Publications that arrive while the log is read are forgotten. */
  | 'forget-what-came'
  /** A node passes on whatever pub/sub brings. */
  | 'pass-unchecked'
  /** Reads go to the new primary while pub/sub stays with the former one. */
  | 'two-primaries'
  /** A node never looks whether its pub/sub still works. */
  | 'no-probe'
  /** Nothing is read after pub/sub was renewed. */
  | 'no-resync'
  /** A position is good by its offset, whatever publication has it. */
  | 'offset-is-enough'
  /** The log does not check the id of the last publication that it removed. */
  | 'trust-the-floor'
  /** The log remembers nothing of the last publication that it removed. */
  | 'no-witness'
  /** What is left of the missed publications is sent. */
  | 'send-what-is-left'
  /** A position above the end of the log has missed nothing. */
  | 'future-is-fine'
  /** A position of another epoch is read like one of this epoch. */
  | 'no-epoch'
  /** A `pub` is the id of a position in a log that can lose its end. */
  | 'pub-is-id'
  /** The position at which a rewound subscriber begins has no id. */
  | 'rewind-without-id'
  /** A publication that is repeated with its `pub` is another one. */
  | 'no-dedupe'
  /** What was left out for a slow subscriber is not read later. */
  | 'forget-skips'
  /** A client accepts any answer to any of its joins. */
  | 'no-n'
  /** A client accepts publications while it waits for the answer to its join. */
  | 'take-while-joining'
  /** A client accepts a `gap` of the subscription before, while it waits for the answer to its join. */
  | 'gap-while-joining'
  /** A client takes the end of the subscription before for an answer to its join. */
  | 'end-while-joining'
  /** A client passes over a missing offset. */
  | 'ignore-holes'
  /** A client delivers what comes after a missing offset, and then asks. */
  | 'take-past-a-hole'
  /** A client waits for the next publication after it dropped one. */
  | 'wait-after-drops'
  /** The same, only while it waits for the answer to its join. */
  | 'drop-while-joining'
  /** The position of a client moves after its handlers. */
  | 'position-after-handlers'
  /** A subscription that is not yet answered survives its end by the server. */
  | 'join-outlives-kick'
