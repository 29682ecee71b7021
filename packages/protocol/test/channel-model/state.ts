import type { Chances, World } from './world.ts'

/**
 * A place in the log, packed into one number: epoch, offset, id, and the serial number of the append. The last one is
 * not part of the protocol: it shows what happened.
 */
export type Place = number

/** Instead of a place where there is none. */
export const nowhere: Place = 0

export const placeOf = (epoch: number, offset: number, id: number, serial: number): Place =>
  (epoch << 12) | (offset << 8) | (id << 4) | serial
export const epochOf = (place: Place): number => place >> 12
export const offsetOf = (place: Place): number => (place >> 8) & 15
export const idOf = (place: Place): number => (place >> 4) & 15
/** What the protocol knows of a place. */
export const positionOf = (place: Place): number => place >> 4
/** The append that made it, or the beginning of its epoch. */
export const serialOf = (place: Place): number => place & 15 || 16 + epochOf(place)

export type Frame =
  | { readonly t: 'join'; readonly n: number; readonly from: Place }
  | { readonly t: 'leave' }
  | { readonly t: 'joined'; readonly n: number; readonly at: Place; readonly missed: number }
  /** With `n` the answer to a join. */
  | { readonly t: 'gap'; readonly n: number; readonly at: Place }
  | { readonly t: 'refused'; readonly n: number; readonly isTemporary: boolean }
  | { readonly t: 'publication'; readonly place: Place }

export interface Log {
  epoch: number
  head: Place
  /** The last one that was removed, or the beginning. */
  floor: Place
  entries: Place[]
}

/** The pub/sub of a node for the channel. `stale`: it is connected to a former primary. */
export interface Node {
  pubsub: 'none' | 'asked' | 'up' | 'stale'
  /** What pub/sub brings. */
  queue: Place[]
}

/** What a node has for a connection that has joined. */
export interface Subscription {
  phase: 'none' | 'waiting' | 'reading' | 'live'
  n: number
  /** The last one that was sent. */
  at: Place
  isAnswered: boolean
  /** The read under way has its answer. */
  read: Read | undefined
  /** Something came while the log was read: the last of it. */
  seen: Place
}

/** The answer of the log. */
export interface Read {
  readonly isGap: boolean
  /** Where a subscriber begins that has no position; nowhere for others. */
  readonly start: Place
  readonly head: Place
  readonly missed: readonly Place[]
}

/** A client, its connection, and what its node has for it. */
export interface Subscriber {
  phase: 'joining' | 'joined' | 'waiting' | 'left' | 'refused'
  /** Of its last join in this connection. */
  n: number
  /** The last one that it has. */
  position: Place
  /** The epoch and the offset of the next one. */
  epoch: number
  next: number
  /** The position that the handlers under way will leave behind, for a client that is too late with it. */
  late: Place
  /** The serial of the last one that the application saw, or heard of by a gap. */
  last: number
  /** The publications that it has seen since the last gap, as bits. */
  got: number
  /** The node that it is connected to. */
  node: number
  isForbidden: boolean
  /** The `n` of a subscription that the server has ended in this connection. */
  ended: number
  up: Frame[]
  down: Frame[]
  subscription: Subscription
}

export interface State {
  log: Log
  /** The last writes may be undone. */
  past: readonly Log[]
  /** By serial: the append before it, and the publication. */
  before: number[]
  publication: number[]
  published: number
  nodes: Node[]
  subscribers: Subscriber[]
  chances: Chances
  violation: string | undefined
}

export const newSubscription = (): Subscription => ({
  phase: 'none',
  n: 0,
  at: nowhere,
  isAnswered: false,
  read: undefined,
  seen: nowhere,
})

/** A log that begins anew. */
export function newLog(epoch: number): Log {
  const start = placeOf(epoch, 0, 0, 0)
  return { epoch, head: start, floor: start, entries: [] }
}

/** A log with nothing in it, and subscribers that have sent their first join. */
export function createState({ nodes, subscribers, chances }: World): State {
  return {
    log: newLog(1),
    past: [],
    before: [0],
    publication: [0],
    published: 0,
    nodes: Array.from({ length: nodes }, (): Node => ({ pubsub: 'none', queue: [] })),
    subscribers: Array.from({ length: subscribers }, (_, index): Subscriber => ({
      phase: 'joining',
      n: 1,
      position: nowhere,
      epoch: 0,
      next: 0,
      late: nowhere,
      last: 0,
      got: 0,
      node: index % nodes,
      isForbidden: false,
      ended: 0,
      up: [{ t: 'join', n: 1, from: nowhere }],
      down: [],
      subscription: newSubscription(),
    })),
    chances: {
      dials: 0,
      leaves: 0,
      breaks: 0,
      failovers: 0,
      wipes: 0,
      skips: 0,
      drops: 0,
      losses: 0,
      repeats: 0,
      delays: 0,
      kicks: 0,
      ends: 0,
      ...chances,
    },
    violation: undefined,
  }
}

export function cloneState(state: State): State {
  return {
    ...state,
    log: { ...state.log, entries: state.log.entries.slice() },
    before: state.before.slice(),
    publication: state.publication.slice(),
    nodes: state.nodes.map(({ pubsub, queue }) => ({ pubsub, queue: queue.slice() })),
    subscribers: state.subscribers.map((subscriber) => ({
      ...subscriber,
      up: subscriber.up.slice(),
      down: subscriber.down.slice(),
      subscription: { ...subscriber.subscription },
    })),
    chances: { ...state.chances },
  }
}

const pubsubs = ['none', 'asked', 'up', 'stale'] as const
const subscriptionPhases = ['none', 'waiting', 'reading', 'live'] as const
const phases = ['joining', 'joined', 'waiting', 'left', 'refused'] as const
const frames = ['join', 'leave', 'joined', 'gap', 'refused', 'publication'] as const
/** Bytes that are written one after the other. */
class Bytes {
  readonly buffer: Buffer
  length = 0

  constructor(size: number) {
    this.buffer = Buffer.alloc(size)
  }

  put(value: number): void {
    this.buffer[this.length++] = value
  }

  place(value: Place): void {
    this.put(value >> 8)
    this.put(value & 255)
  }

  places(places: readonly Place[]): void {
    this.put(places.length)
    for (const each of places) this.place(each)
  }

  add(other: Bytes): void {
    other.buffer.copy(this.buffer, this.length, 0, other.length)
    this.length += other.length
  }

  clear(): this {
    this.length = 0
    return this
  }

  isAbove(other: Bytes): boolean {
    return this.buffer.compare(other.buffer, 0, other.length, 0, this.length) > 0
  }
}

const whole = new Bytes(4_096)
const turned = new Bytes(4_096)
const parts = { nodes: [new Bytes(256), new Bytes(256)], subscribers: [new Bytes(1_024), new Bytes(1_024)] }

/**
 * Bytes that two states share only if they are the same in all that matters. Which node and which subscriber is the first does not: the
 * lowest of what the state is in all orders stands for all of them. Valid until the next call.
 */
export function encodeState(state: State): Buffer {
  const { nodes, subscribers } = parts
  for (const [index, node] of state.nodes.entries()) encodeNode(nodes[index]!.clear(), node)
  for (const [index, subscriber] of state.subscribers.entries())
    encodeSubscriber(subscribers[index]!.clear(), subscriber)
  encodeLog(whole.clear(), state)
  turned.clear().add(whole)
  addInOrder(whole, nodes.slice(0, state.nodes.length), subscribers.slice(0, state.subscribers.length))
  if (state.nodes.length === 1) return whole.buffer.subarray(0, whole.length)
  // The node is the last bit of a subscriber.
  for (const index of state.subscribers.keys()) subscribers[index]!.buffer[0]! ^= 1
  addInOrder(turned, nodes.toReversed(), subscribers.slice(0, state.subscribers.length))
  const lowest = whole.isAbove(turned) ? turned : whole
  return lowest.buffer.subarray(0, lowest.length)
}

function addInOrder(to: Bytes, nodes: readonly Bytes[], [one, other]: readonly Bytes[]): void {
  for (const node of nodes) to.add(node)
  const isTurned = other && one!.isAbove(other)
  if (isTurned) to.add(other)
  to.add(one!)
  if (other && !isTurned) to.add(other)
}

function encodeNode(to: Bytes, { pubsub, queue }: Node): void {
  to.put(pubsubs.indexOf(pubsub))
  to.places(queue)
}

/** The log, and what nodes and subscribers do not have of their own. */
function encodeLog(to: Bytes, state: State): void {
  const log = ({ head, floor, entries }: Log): void => {
    to.place(head)
    to.place(floor)
    to.places(entries)
  }
  log(state.log)
  to.put(state.past.length)
  for (const each of state.past) log(each)
  to.put(state.published)
  for (let serial = 1; serial < state.before.length; serial++) {
    to.put(state.before[serial]!)
    to.put(state.publication[serial]!)
  }
  // All of them are below 4.
  let chances = 0
  for (const count of Object.values(state.chances) as number[]) chances = chances * 4 + count
  for (let byte = 0; byte < 3; byte++, chances = Math.floor(chances / 256)) to.put(chances % 256)
}

function encodeSubscriber(to: Bytes, subscriber: Subscriber): void {
  const { subscription } = subscriber
  to.put((subscriber.isForbidden ? 2 : 0) + subscriber.node)
  to.put(phases.indexOf(subscriber.phase) * 16 + subscriber.n)
  to.place(subscriber.position)
  to.put(subscriber.epoch * 16 + subscriber.next)
  to.place(subscriber.late)
  to.put(subscriber.last)
  to.put(subscriber.got)
  to.put(subscriber.ended)
  encodeFrames(to, subscriber.up)
  encodeFrames(to, subscriber.down)
  to.put(subscriptionPhases.indexOf(subscription.phase) * 2 + (subscription.isAnswered ? 1 : 0))
  to.put(subscription.n)
  to.place(subscription.at)
  to.place(subscription.seen)
  const { read } = subscription
  to.put(read ? 1 + (read.isGap ? 1 : 0) : 0)
  if (!read) return
  to.place(read.start)
  to.place(read.head)
  to.places(read.missed)
}

function encodeFrames(to: Bytes, items: readonly Frame[]): void {
  to.put(items.length)
  for (const frame of items) {
    to.put(frames.indexOf(frame.t))
    switch (frame.t) {
      case 'join':
        to.put(frame.n)
        to.place(frame.from)
        break
      case 'joined':
        to.put(frame.n)
        to.put(frame.missed)
        to.place(frame.at)
        break
      case 'gap':
        to.put(frame.n)
        to.place(frame.at)
        break
      case 'refused':
        to.put(frame.n * 2 + (frame.isTemporary ? 1 : 0))
        break
      case 'publication':
        to.place(frame.place)
        break
      case 'leave':
    }
  }
}
