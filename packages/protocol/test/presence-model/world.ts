/** How large the world is that is searched: two sessions, each on a node of its own, and one that watches them. */
export interface World {
  /** How often sessions join, leave, or change their data. */
  readonly changes: number
  /** The sessions have one identity, and count as one member. */
  readonly isShared: boolean
  /** How often each of these may happen. */
  readonly chances: Partial<Chances>
}

export interface Chances {
  /** The connection of a member breaks, and its session is resumed. */
  resumes: number
  /** A session moves to the other node. */
  moves: number
  /** A node does not renew its lease in time, and lives. */
  pauses: number
  /** A node dies with its sessions. */
  deaths: number
  /** The pub/sub connection of the watching node breaks. */
  breaks: number
  /** Pub/sub loses a change. */
  drops: number
  /** The watching client joins again. */
  joins: number
  /** A path loses a list of members or a change of it. */
  losses: number
}

/** The rules that can be broken, each by what is done instead. */
export type Breach =
  /** A member leaves with its connection. */
  | 'leave-with-connection'
  /** A node removes a member that another one has set meanwhile. */
  | 'remove-anybody'
  /** What a dead node has set stays. */
  | 'no-lease'
  /** A node that was too late with its lease does not set its members again. */
  | 'no-reassertion'
  /** The members are read before pub/sub stands. */
  | 'read-then-subscribe'
  /** Nothing is read after pub/sub was renewed. */
  | 'no-resync'
  /** A change that is missing is passed over by the node. */
  | 'ignore-holes'
  /** One session of an identity leaves, and the member is gone. */
  | 'first-leaves'
  /** A client applies whatever change comes. */
  | 'apply-anything'
  /** The parts of a list stay when the client joins again. */
  | 'keep-parts'
  /** The members are sent before the answer to the join. */
  | 'members-first'
