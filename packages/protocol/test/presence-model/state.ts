import type { Chances, World } from './world.ts'

/** What a member says of itself, from 1; 0 for no member. */
export type Data = number

export interface Entry {
  readonly data: Data
  readonly owner: number
}

/** A change as the broker brings it. */
export interface Change {
  readonly version: number
  readonly session: number
  readonly data: Data
  readonly stamp: number
}

/** A call of a node to the broker: no data removes. */
export interface Call {
  readonly session: number
  readonly data: Data
  readonly stamp: number
}

export type Frame =
  | { readonly t: 'joined'; readonly n: number }
  /** All members, or a part of them. */
  | {
      readonly t: 'all'
      readonly version: number
      readonly key: number
      readonly data: Data
      readonly stamp: number
      readonly hasMore: boolean
    }
  | {
      readonly t: 'change'
      readonly version: number
      readonly key: number
      readonly data: Data
      readonly stamp: number
    }

export interface Session {
  node: number
  isAlive: boolean
  data: Data
  /** How often it has been absent. Not part of the protocol: every message that follows from its state carries it. */
  stamp: number
}

export interface Node {
  isAlive: boolean
  /** Its lease has ended while it lives. */
  isLate: boolean
  calls: Call[]
}

/** The node that the watching client is connected to: what it knows, and what it has to send. */
export interface Feed {
  pubsub: 'none' | 'asked' | 'up'
  phase: 'none' | 'waiting' | 'reading' | 'live'
  queue: Change[]
  version: number
  view: Data[]
  stamps: number[]
  /** Something came while the members were read. */
  seen: number
  /** Members that have changed since the last message, as bits. */
  dirty: number
  /** The version of the messages to the client. */
  sent: number
  /** The join that it has not answered with members. */
  owed: number
}

export interface Client {
  n: number
  isJoining: boolean
  /** Undefined until all members were told. */
  version: number | undefined
  members: Data[]
  parts: Data[]
  stamps: number[]
  partStamps: number[]
}

export interface State {
  sessions: Session[]
  nodes: Node[]
  entries: (Entry | undefined)[]
  version: number
  stamps: number[]
  feed: Feed
  client: Client
  joins: number[]
  down: Frame[]
  changes: number
  chances: Chances
  violation: string | undefined
}

export function createState({ chances }: World): State {
  return {
    sessions: [0, 1].map((node) => ({ node, isAlive: true, data: 0, stamp: 0 })),
    nodes: [0, 1].map(() => ({ isAlive: true, isLate: false, calls: [] })),
    entries: [undefined, undefined],
    version: 0,
    stamps: [0, 0],
    feed: {
      pubsub: 'none',
      phase: 'none',
      queue: [],
      version: 0,
      view: [0, 0],
      stamps: [0, 0],
      seen: 0,
      dirty: 0,
      sent: 0,
      owed: 0,
    },
    client: {
      n: 1,
      isJoining: true,
      version: undefined,
      members: [0, 0],
      parts: [0, 0],
      stamps: [0, 0],
      partStamps: [0, 0],
    },
    joins: [1],
    down: [],
    changes: 0,
    chances: {
      resumes: 0,
      moves: 0,
      pauses: 0,
      deaths: 0,
      breaks: 0,
      joins: 0,
      losses: 0,
      drops: 0,
      ...chances,
    },
    violation: undefined,
  }
}

export function cloneState(state: State): State {
  const { feed, client } = state
  return {
    ...state,
    sessions: state.sessions.map((session) => ({ ...session })),
    nodes: state.nodes.map((node) => ({ ...node, calls: node.calls.slice() })),
    entries: state.entries.slice(),
    stamps: state.stamps.slice(),
    feed: { ...feed, queue: feed.queue.slice(), view: feed.view.slice(), stamps: feed.stamps.slice() },
    client: {
      ...client,
      members: client.members.slice(),
      parts: client.parts.slice(),
      stamps: client.stamps.slice(),
      partStamps: client.partStamps.slice(),
    },
    joins: state.joins.slice(),
    down: state.down.slice(),
    chances: { ...state.chances },
  }
}

/** Bytes that two states share only if they are the same in all that matters. */
export function encodeState(state: State): Buffer {
  const { violation: _, ...rest } = state
  return Buffer.from(JSON.stringify(rest))
}
