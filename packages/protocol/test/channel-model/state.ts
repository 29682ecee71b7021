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
const bytes = Buffer.alloc(4_096)

/** Bytes that two states share only if they are the same in all that matters. Valid until the next call. */
export function encodeState(state: State): Buffer {
  let length = 0
  const put = (value: number): void => void (bytes[length++] = value)
  const place = (value: Place): void => {
    put(value >> 8)
    put(value & 255)
  }
  const list = (places: readonly Place[]): void => {
    put(places.length)
    for (const each of places) place(each)
  }
  const log = ({ head, floor, entries }: Log): void => {
    place(head)
    place(floor)
    list(entries)
  }
  const line = (items: readonly Frame[]): void => {
    put(items.length)
    for (const frame of items) {
      put(frames.indexOf(frame.t))
      switch (frame.t) {
        case 'join':
          put(frame.n)
          place(frame.from)
          break
        case 'joined':
          put(frame.n)
          put(frame.missed)
          place(frame.at)
          break
        case 'gap':
          put(frame.n)
          place(frame.at)
          break
        case 'refused':
          put(frame.n * 2 + (frame.isTemporary ? 1 : 0))
          break
        case 'publication':
          place(frame.place)
          break
        case 'leave':
      }
    }
  }
  log(state.log)
  put(state.past.length)
  for (const each of state.past) log(each)
  put(state.published)
  for (let serial = 1; serial < state.before.length; serial++) {
    put(state.before[serial]!)
    put(state.publication[serial]!)
  }
  for (const { pubsub, queue } of state.nodes) {
    put(pubsubs.indexOf(pubsub))
    list(queue)
  }
  for (const subscriber of state.subscribers) {
    const { subscription } = subscriber
    put(phases.indexOf(subscriber.phase) * 16 + subscriber.n)
    place(subscriber.position)
    put(subscriber.epoch * 16 + subscriber.next)
    place(subscriber.late)
    put(subscriber.last)
    put(subscriber.got)
    put(subscriber.ended)
    put(subscriber.node * 2 + (subscriber.isForbidden ? 1 : 0))
    line(subscriber.up)
    line(subscriber.down)
    put(subscriptionPhases.indexOf(subscription.phase) * 2 + (subscription.isAnswered ? 1 : 0))
    put(subscription.n)
    place(subscription.at)
    place(subscription.seen)
    const { read } = subscription
    put(read ? 1 + (read.isGap ? 1 : 0) : 0)
    if (read) {
      place(read.start)
      place(read.head)
      list(read.missed)
    }
  }
  // All of them are below 4.
  let chances = 0
  for (const count of Object.values(state.chances) as number[]) chances = chances * 4 + count
  for (; chances > 0; chances = Math.floor(chances / 256)) put(chances % 256)
  return bytes.subarray(0, length)
}
