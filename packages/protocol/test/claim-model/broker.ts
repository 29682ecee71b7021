import { answer, ended, interrupted, nodeOf, parked, violate } from './state.ts'
import type { Broker, Call, Pending, Result, State } from './state.ts'
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

  const give = (broker: Broker, call: CallOf<'take'>): Result => {
    const blob = broker.blob!
    if (breach === 'take-in-two-calls') return { t: 'second', blob }
    broker.at = call.life
    broker.token = call.token
    if (breach === 'take-removes') broker.blob = undefined
    return { t: 'yours', blob }
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

  const take = (state: State, call: CallOf<'take'>): Result => {
    const { broker } = state
    if (broker.at === ended) return { t: 'ended', rx: broker.rx }
    // Another node may have gone on from it, which was forgotten.
    if (broker.stamp !== broker.run && breach !== 'failover-unnoticed') return { t: 'unknown' }
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

  const isOwner = ({ at, token }: Broker, call: CallOf<'park' | 'hold' | 'end' | 'return'>): boolean =>
    at === call.life && token === call.token

  const mayPark = (broker: Broker, call: CallOf<'park'>): boolean => {
    if (breach === 'park-without-token') return true
    return breach === 'node-is-the-token' ? broker.at === call.life : isOwner(broker, call)
  }

  const park = ({ broker }: State, call: CallOf<'park'>): Result => {
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
    // It cannot be taken, and nobody knows a cursor.
    if (!broker.blob) close(broker, -1)
    return done
  }

  const post = ({ broker }: State, { life, item, count }: CallOf<'post'>): Result => {
    const isKnown = broker.counts[life]! >= count && breach !== 'no-dedupe'
    if (isKnown || broker.at === ended) return done
    broker.counts[life] = count
    if (item !== answer) broker.mailbox.push(item)
    else if (broker.running === life || breach === 'forget-what-runs') {
      broker.mailbox.push(item)
      if (breach !== 'post-then-strike') broker.running = -1
    }
    return done
  }

  /** After a failover, a node that has the session says so. */
  const hold = ({ broker }: State, call: CallOf<'hold'>): Result => {
    if (broker.stamp === broker.run) return isOwner(broker, call) ? done : late
    Object.assign(broker, { at: call.life, token: call.token, blob: undefined, rx: -1, stamp: broker.run })
    return done
  }

  const execute = (state: State, { call, run }: Pending): Result => {
    const { broker, chances } = state
    if (run !== broker.run && breach !== 'failover-unnoticed') return { t: 'renewed' }
    const { at, token, n, rx, blob, stamp } = broker
    const result = write(state, call)
    const isWritten =
      broker.at !== at || broker.token !== token || broker.blob !== blob || broker.stamp !== stamp
    if (isWritten && chances.failovers > 0)
      broker.past = [{ at, token, n, rx, blob, stamp }, ...broker.past].slice(0, 2)
    return result
  }

  /** Another broker takes over, without the last writes. */
  const failOver = ({ broker }: State, lost: number): void => {
    Object.assign(broker, broker.past[lost], { run: broker.run + 1, past: [] })
  }

  const write = (state: State, call: Call): Result => {
    const { broker } = state
    switch (call.t) {
      case 'take':
        return take(state, call)
      case 'keep':
        broker.at = call.life
        broker.token = call.token
        return { t: 'yours', blob: call.blob }
      case 'park':
        return park(state, call)
      case 'hold':
        return hold(state, call)
      case 'end':
        return isOwner(broker, call) ? close(broker, call.rx) : late
      case 'return':
        return giveBack(state, call)
      case 'post':
        return post(state, call)
      case 'strike':
        if (broker.running === call.life) broker.running = -1
        return done
    }
  }

  /** Whether the owner may answer the request of another process. */
  const isInterrupted = ({ running, leases }: Broker): boolean =>
    running >= 0 && breach !== 'never-interrupt' && (!leases[running] || breach === 'interrupt-the-living')

  const interrupt = (state: State, isExcused: boolean): void => {
    if (!isExcused) violate(state, 'NEEDLESS: a request is interrupted, and no node has died')
    state.broker.running = -1
    state.broker.mailbox.push(interrupted)
  }

  return { execute, failOver, isInterrupted, interrupt, isStranger }
}
