import {
  answer,
  ended,
  interrupted,
  isAnswer,
  lateSend,
  nobody,
  nodeOf,
  parked,
  unknown,
  violate,
} from './state.ts'
import type { Blob, Broker, Call, Entry, Pending, Result, State } from './state.ts'
import type { Breach, World } from './world.ts'

type CallOf<T extends Call['t']> = Extract<Call, { t: T }>

const done: Result = { t: 'done' }
const late: Result = { t: 'late' }

/** The scripts of the broker, each of which is one step. */
export function createBrokerRules({ formats }: World, breach: Breach | undefined) {
  const isStranger = (state: State, n: number): boolean => (state.strangers & (1 << n)) > 0

  const close = (broker: Broker, rx: number): Result => {
    broker.at = ended
    broker.rx = rx
    broker.blob = undefined
    return { t: 'ended', rx }
  }

  /** A failover may have forgotten what came after it. */
  const isStale = ({ stamp, run }: Broker): boolean => stamp !== run && breach !== 'failover-unnoticed'

  /** Whether the client waits for an answer that who has the session has not read: the last failover may have forgotten it. */
  const isOwed = ({ running, mailbox }: Broker, { position }: Blob): boolean =>
    running >= 0 || (breach !== 'owed-is-what-runs' && mailbox.slice(position).some((item) => isAnswer(item)))

  /** A new session. */
  const begin = ({ broker }: State, call: CallOf<'begin'>): Result => {
    if (broker.at !== unknown) return isOwner(broker, call) ? done : late
    Object.assign(broker, { at: call.life, token: call.token, stamp: broker.run })
    return done
  }

  const give = (broker: Broker, call: CallOf<'take'>): Result => {
    const blob = broker.blob!
    const given = { blob, run: broker.run, isOwed: isOwed(broker, blob) }
    if (breach === 'take-in-two-calls') return { t: 'second', ...given }
    broker.at = call.life
    broker.token = call.token
    if (breach === 'take-removes') broker.blob = undefined
    return { t: 'yours', ...given }
  }

  const takeParked = (state: State, call: CallOf<'take'>): Result => {
    const { broker } = state
    const { blob } = broker
    if (call.n <= broker.n && breach !== 'any-dial') return late
    if (!blob) return breach === 'tombstone-expires' ? { t: 'unknown' } : close(broker, broker.rx)
    if (isStranger(state, call.n) && breach !== 'take-as-anybody') {
      const { rx } = blob
      return close(broker, breach === 'identity-without-cursor' ? -1 : rx)
    }
    if (blob.format > formats[nodeOf(call.life)]!) {
      if (breach === 'unknown-format-is-lost') return { t: 'unknown' }
      if (call.isLast) return close(broker, blob.rx)
      if (breach !== 'take-any-format') return { t: 'unreadable' }
    }
    return give(broker, call)
  }

  /** The session is young, for longer than it takes the node to make it known, unless the lease of that ends. */
  const isComing = ({ broker, nodes: [node] }: State): boolean =>
    broker.leases[0]! && (node.session !== undefined || node.pending?.call.t === 'begin')

  const take = (state: State, call: CallOf<'take'>): Result => {
    const { broker } = state
    if (broker.at === ended) return { t: 'ended', rx: broker.rx }
    if (broker.at === unknown) return { t: isComing(state) ? 'missing' : 'unknown' }
    // Another node may have gone on from it, which was forgotten.
    if (isStale(broker) && (broker.at === parked || broker.at === call.life)) return { t: 'unknown' }
    if (broker.at === parked) return takeParked(state, call)
    // This process was given the session, and did not hear of it.
    if (broker.at === call.life) {
      if (call.token <= broker.token && breach !== 'unordered-takes') return late
      return broker.blob ? takeParked(state, call) : { t: 'unknown' }
    }
    if (broker.leases[broker.at]) return { t: 'ask', at: broker.at, token: broker.token }
    if (breach === 'go-on-from-a-copy' && broker.blob) return give(broker, call)
    if (breach === 'cursor-of-a-copy' && broker.blob) return { t: 'ended', rx: broker.blob.rx }
    return { t: 'unknown' }
  }

  const isOwner = (
    { at, token }: Broker,
    call: CallOf<'begin' | 'park' | 'hold' | 'end' | 'return'>,
  ): boolean => at === call.life && token === call.token

  const mayPark = (broker: Broker, call: CallOf<'park'>): boolean => {
    if (breach === 'park-without-token') return true
    return breach === 'node-is-the-token' ? broker.at === call.life : isOwner(broker, call)
  }

  const park = ({ broker }: State, call: CallOf<'park'>): Result => {
    if (isStale(broker)) return { t: 'renewed' }
    if (broker.at === parked && broker.token === call.token) return done
    if (!mayPark(broker, call)) return late
    const { blob } = call
    broker.at = parked
    broker.token = call.token
    broker.blob = blob
    broker.n = blob.n
    broker.rx = blob.rx
    if (call.runs && breach !== 'forget-what-runs') broker.running = call.life
    return done
  }

  const giveBack = ({ broker }: State, call: CallOf<'return'>): Result => {
    const isIts = breach === 'return-without-token' ? broker.at === call.life : isOwner(broker, call)
    if (!isIts) return late
    broker.at = parked
    if (breach === 'return-as-new') broker.stamp = broker.run
    // It cannot be taken, and nobody knows a cursor.
    if (!broker.blob) close(broker, -1)
    return done
  }

  const post = (state: State, { life, item, count }: CallOf<'post'>, run: number): Result => {
    const { broker } = state
    if (broker.at === ended) return done
    // The node that has the session counts from what it has read, and says so first.
    if (isStale(broker) && breach !== 'post-before-assert') return { t: 'forgotten' }
    if (run !== broker.run && breach !== 'failover-unnoticed') return { t: 'renewed' }
    if (broker.counts[life]! >= count && breach !== 'no-dedupe') return done
    const isSkipped = state.nodes.some(({ session }) => session && session.position > broker.mailbox.length)
    if (isSkipped) violate(state, `SKIPPED: ${item} is posted where the owner has read already`)
    broker.counts = broker.counts.map((known, other) => (other === life ? count : known))
    if (item !== answer) broker.mailbox = [...broker.mailbox, item]
    else if (broker.running === life || breach === 'forget-what-runs') {
      broker.mailbox = [...broker.mailbox, item]
      if (breach !== 'post-then-strike') broker.running = -1
    }
    return done
  }

  /** After a failover, a node that has the session says so, and what it knows of the mailbox. */
  const hold = (state: State, call: CallOf<'hold'>, run: number): Result => {
    const { broker } = state
    if (run !== broker.run) return { t: 'renewed' }
    if (broker.stamp === broker.run || broker.at === ended) return isOwner(broker, call) ? done : late
    Object.assign(broker, { at: call.life, token: call.token, blob: undefined, rx: -1, stamp: broker.run })
    // Each of these requests may have been answered, or not.
    if (breach !== 'trust-what-runs')
      broker.running = call.isOwed && breach !== 'forget-what-is-owed' ? nobody : -1
    if (breach === 'keep-the-mailbox') return done
    for (const item of broker.mailbox.slice(call.position))
      if (item >= lateSend && !(state.forgiven & (1 << item))) violate(state, `LOST: ${item} is dropped`)
    broker.mailbox = Array.from({ length: call.position }, () => 0)
    broker.counts = [0, 0, 0, 0]
    return done
  }

  /** The owner of a session that has ended is certain of it, whatever was forgotten. */
  const end = ({ broker }: State, call: CallOf<'end'>): Result => {
    const mayEnd = isOwner(broker, call) || (isStale(broker) && broker.at !== ended)
    return mayEnd ? close(broker, call.rx) : late
  }

  const entryOf = ({ at, token, n, rx, blob, stamp, running, mailbox, counts }: Broker): Entry => ({
    at,
    token,
    n,
    rx,
    blob,
    stamp,
    running,
    mailbox,
    counts,
  })

  const execute = (state: State, { call, run }: Pending): Result => {
    const { broker, chances } = state
    if (chances.failovers === 0) return write(state, call, run)
    const before = entryOf(broker)
    const result = write(state, call, run)
    const after = entryOf(broker)
    const isWritten = (Object.keys(after) as (keyof Entry)[]).some((key) => after[key] !== before[key])
    if (isWritten) broker.past = [before, ...broker.past].slice(0, 3)
    return result
  }

  /** Another broker takes over, without the last writes. */
  const failOver = (state: State, lost: number): void => {
    const { broker } = state
    for (const item of broker.mailbox) if (item >= lateSend) state.forgiven |= 1 << item
    Object.assign(broker, broker.past[lost], { run: broker.run + 1, past: [] })
  }

  const write = (state: State, call: Call, run: number): Result => {
    const { broker } = state
    switch (call.t) {
      case 'begin':
        return begin(state, call)
      case 'take':
        return take(state, call)
      case 'keep':
        broker.at = call.life
        broker.token = call.token
        return { t: 'yours', blob: call.blob, run: broker.run, isOwed: isOwed(broker, call.blob) }
      case 'park':
        return run !== broker.run && breach !== 'failover-unnoticed' ? { t: 'renewed' } : park(state, call)
      case 'hold':
        return hold(state, call, run)
      case 'end':
        return end(state, call)
      case 'return':
        return giveBack(state, call)
      case 'post':
        return post(state, call, run)
      case 'strike':
        if (broker.running === call.life) broker.running = -1
        return done
    }
  }

  /** Whether the owner may answer the request of another process. */
  const isInterrupted = (broker: Broker): boolean => {
    const { running, leases } = broker
    if (running < 0 || breach === 'never-interrupt' || isStale(broker)) return false
    return running === nobody || !leases[running] || breach === 'interrupt-the-living'
  }

  const interrupt = (state: State, isExcused: boolean): void => {
    if (!isExcused) violate(state, 'NEEDLESS: a request is interrupted, and no node has died')
    state.broker.running = -1
    state.broker.mailbox = [...state.broker.mailbox, interrupted]
  }

  const canRead = (broker: Broker): boolean => !isStale(broker) || breach === 'read-before-assert'

  return { execute, failOver, isInterrupted, interrupt, isStranger, canRead }
}
