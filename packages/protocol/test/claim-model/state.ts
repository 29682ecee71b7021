import type { Chances, World } from './world.ts'

/** A process of a node: node 0 is 0 at first and 2 after it has started again, node 1 is 1 and 3. */
export type Life = number
export const nodeOf = (life: Life): number => life & 1

/** Where the record is, instead of a life. */
export const parked = 4
export const ended = 5
/** Who runs a request that runs nowhere any more. */
export const nobody = 6
/** The broker does not know the session yet. */
export const unknown = 7

/** The number of an attempt to take the session, and who makes it: `2 * attempt + node`. */
export type Token = number

/** What the node that has the session sends: 1, 2 and so on, or one of these. */
export const answer = 8
export const interrupted = 9
/** What the application sends on a node that had the session: 10, 11 and so on. */
export const lateSend = 10

export const isAnswer = (item: number): boolean => item === answer || item === interrupted

/** What a node has of a session. */
export interface Session {
  rx: number
  acked: number
  /** What the client has not acknowledged, as far as the node knows. */
  out: number[]
  /** The dial that has the session. */
  n: number
  isBound: boolean
  token: Token
  /** How much of the mailbox was read. */
  position: number
  /** It is parked with a request that runs on this node. */
  runs: boolean
  /** A park was not answered. */
  isUnsure: boolean
  /** The broker that knows that the node has it. */
  run: number
  /** A request of the client runs on a node that had the session before. */
  isOwed: boolean
  /** The broker has said that it knows the session. */
  isKnown: boolean
}

/** What a node parks. */
export interface Blob {
  readonly rx: number
  readonly acked: number
  readonly out: readonly number[]
  readonly n: number
  readonly position: number
  readonly format: number
}

export type Call =
  | { readonly t: 'begin'; readonly life: Life; readonly token: Token }
  | {
      readonly t: 'take'
      readonly life: Life
      readonly n: number
      readonly token: Token
      readonly isLast: boolean
    }
  | { readonly t: 'keep'; readonly life: Life; readonly token: Token; readonly blob: Blob }
  | {
      readonly t: 'park'
      readonly life: Life
      readonly token: Token
      readonly blob: Blob
      readonly runs: boolean
    }
  | {
      readonly t: 'hold'
      readonly life: Life
      readonly token: Token
      readonly position: number
      readonly isOwed: boolean
    }
  | { readonly t: 'end'; readonly life: Life; readonly token: Token; readonly rx: number }
  | { readonly t: 'return'; readonly life: Life; readonly token: Token }
  | { readonly t: 'post'; readonly life: Life; readonly item: number; readonly count: number }
  | { readonly t: 'strike'; readonly life: Life }

export type Result =
  | { readonly t: 'done' | 'late' | 'unreadable' | 'unknown' | 'missing' | 'renewed' | 'forgotten' }
  | { readonly t: 'yours' | 'second'; readonly blob: Blob; readonly run: number; readonly isOwed: boolean }
  | { readonly t: 'ask'; readonly at: Life; readonly token: Token }
  | { readonly t: 'ended'; readonly rx: number }

export interface Pending {
  readonly call: Call
  /** The broker that it is for. */
  readonly run: number
  result: Result | undefined
}

export interface Node {
  life: Life
  isUp: boolean
  /** `parking`: the session is frozen until the broker answers. */
  role: 'none' | 'owner' | 'parking'
  session: Session | undefined
  /** The dial that waits for the session; 0 if none does. */
  waiting: number
  pending: Pending | undefined
  /** It has ended the session. */
  tombstone: { readonly token: Token; readonly rx: number } | undefined
  /** It had the session. */
  isFormer: boolean
  /** The handler of the request. `moved`: the session was parked meanwhile. */
  handler: 'none' | 'running' | 'moved'
  /** What is to go into the mailbox, and how much has gone there. */
  outbox: number[]
  posted: number
  post: Pending | undefined
  /** The broker that knows the session as far as the node knows, which had it. */
  postRun: number
  /** The broker that was given the last post and did not answer; 0 if there is none. */
  unsureRun: number
}

/** What the broker knows of the session, and forgets in a failover that comes before it is copied. */
export interface Entry {
  at: number
  token: Token
  n: number
  /** The cursor of who parked or ended the session; -1 if nobody did. */
  rx: number
  blob: Blob | undefined
  /** The broker that has written it. */
  stamp: number
  /** The process that has a request of a parked session; -1 if none has. */
  running: number
  /** 0 for what was read before a failover. */
  mailbox: readonly number[]
  /** By life, how much the mailbox has of it. */
  counts: readonly number[]
}

export interface Broker extends Entry {
  run: number
  /** What was there before the last writes, the latest first. */
  past: Entry[]
  /** By life, whether its lease lives. */
  leases: boolean[]
}

/** From a node that claims the session to the one that has it. */
export interface Release {
  readonly to: number
  readonly n: number
  readonly token: Token
  /** For a breach. */
  readonly session?: Session
}

export type Frame =
  | { readonly t: 'hi'; readonly rx: number }
  | { readonly t: 'message'; readonly seq: number; readonly id: number }
  | { readonly t: 'ok' | 'ack' | 'lost'; readonly rx: number }

export interface Connection {
  node: number
  isUp: boolean
  /** What the client has sent. */
  up: Frame[]
}

export interface Client {
  n: number
  isOpen: boolean
  isLost: boolean
  rx: number
  acked: number
  sent: number
  down: Frame[]
  /** What it has received, as bits. */
  got: number
  last: number
  lastLate: number
}

export interface State {
  client: Client
  /** By the numbers of their dials. */
  connections: Connection[]
  nodes: [Node, Node]
  broker: Broker
  /** One at most for each node. */
  releases: Release[]
  /** Calls that their nodes have given up. */
  lates: Pending[]
  /** The dials of another identity, as bits. */
  strangers: number
  /** What the handlers of the nodes were given, as bits. */
  handled: number
  /** What the client knows to be undelivered, as bits. */
  undelivered: number
  made: number
  madeLate: number
  /** What may be lost because of a failover, as bits. */
  forgiven: number
  chances: Chances
  violation: string | undefined
}

export function violate(state: State, what: string): void {
  state.violation ??= what
}

export function newNode(life: Life): Node {
  return {
    life,
    isUp: true,
    role: 'none',
    session: undefined,
    waiting: 0,
    pending: undefined,
    tombstone: undefined,
    isFormer: false,
    handler: 'none',
    outbox: [],
    posted: 0,
    post: undefined,
    postRun: 1,
    unsureRun: 0,
  }
}

/** The session as the world has it at first. */
export function createState(world: World): State {
  const state = createOwned(world)
  if (world.start === 'beginning') beginAtFirst(state)
  else if (world.start !== 'owned') parkAtFirst(state, world)
  return state
}

/** Node 0 has answered the client, and is about to make the session known to the broker. */
function beginAtFirst({ nodes: [node], broker }: State): void {
  node.session!.isKnown = false
  broker.at = unknown
}

/** Node 0 drains, or has done so. The request of the client came before, if there is one. */
function parkAtFirst(state: State, { start, isRequest, formats }: World): void {
  const [node] = state.nodes
  const { broker, client } = state
  const session = node.session!
  const { acked, out, n, position } = session
  const rx = isRequest ? 1 : 0
  Object.assign(client, { isOpen: false, sent: rx, acked: rx })
  state.connections[1]!.isUp = false
  state.handled = isRequest ? 1 << 1 : 0
  node.handler = isRequest ? 'moved' : 'none'
  if (start === 'parking') {
    node.role = 'parking'
    Object.assign(session, { rx, isBound: false, runs: isRequest })
    return
  }
  Object.assign(node, { role: 'none', session: undefined, isFormer: true })
  const blob = { rx, acked, out, n, position, format: formats[0] }
  Object.assign(broker, { at: parked, blob, rx, running: isRequest ? 0 : -1 })
}

/** The client is connected to node 0, which has the session. */
function createOwned({ chances }: World): State {
  const session: Session = {
    rx: 0,
    acked: 0,
    out: [],
    n: 1,
    isBound: true,
    token: 2,
    position: 0,
    runs: false,
    isUnsure: false,
    run: 1,
    isOwed: false,
    isKnown: true,
  }
  return {
    client: {
      n: 1,
      isOpen: true,
      isLost: false,
      rx: 0,
      acked: 0,
      sent: 0,
      down: [],
      got: 0,
      last: 0,
      lastLate: 0,
    },
    connections: [
      { node: 0, isUp: false, up: [] },
      { node: 0, isUp: true, up: [] },
    ],
    nodes: [{ ...newNode(0), role: 'owner', session }, newNode(1)],
    broker: {
      at: 0,
      token: 2,
      n: 1,
      rx: -1,
      blob: undefined,
      stamp: 1,
      run: 1,
      past: [],
      running: -1,
      mailbox: [],
      counts: [0, 0, 0, 0],
      leases: [true, true, false, false],
    },
    releases: [],
    lates: [],
    strangers: 0,
    handled: 0,
    undelivered: 0,
    made: 0,
    madeLate: 0,
    forgiven: 0,
    chances: {
      parks: 0,
      ends: 0,
      expiries: 0,
      crashes: 0,
      lapses: 0,
      lates: 0,
      sends: 0,
      strangers: 0,
      surrenders: 0,
      failovers: 0,
      ...chances,
    },
    violation: undefined,
  }
}

export function cloneSession(session: Session): Session {
  return { ...session, out: session.out.slice() }
}

function cloneNode(node: Node): Node {
  return {
    ...node,
    session: node.session && cloneSession(node.session),
    pending: node.pending && { ...node.pending },
    outbox: node.outbox.slice(),
    post: node.post && { ...node.post },
  }
}

export function cloneState(state: State): State {
  const { client, nodes, broker } = state
  return {
    ...state,
    client: { ...client, down: client.down.slice() },
    connections: state.connections.map((connection) => ({ ...connection, up: connection.up.slice() })),
    nodes: [cloneNode(nodes[0]), cloneNode(nodes[1])],
    broker: {
      ...broker,
      past: broker.past.slice(),
      leases: broker.leases.slice(),
    },
    releases: state.releases.slice(),
    lates: state.lates.slice(),
    chances: { ...state.chances },
  }
}
