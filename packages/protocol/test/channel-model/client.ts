import { violate } from './log.ts'
import { epochOf, nowhere, offsetOf, serialOf } from './state.ts'
import type { Frame, Place, State, Subscriber } from './state.ts'
import type { Breach } from './world.ts'

/** What a client does with its subscription, by PROTOCOL.md or by a breach of it. */
export function createClientRules(breach: Breach | undefined) {
  const join = (subscriber: Subscriber): void => {
    subscriber.n++
    subscriber.phase = 'joining'
    subscriber.up.push({ t: 'join', n: subscriber.n, from: subscriber.position })
  }

  /** The connection is gone, with all that was under way on it, and the client has another one. */
  const dial = (subscriber: Subscriber, node: number): void => {
    subscriber.up = []
    subscriber.down = []
    subscriber.node = node
    subscriber.n = 0
    subscriber.ended = 0
    if (subscriber.phase !== 'left') join(subscriber)
  }

  const leave = (subscriber: Subscriber): void => {
    subscriber.phase = 'left'
    subscriber.up.push({ t: 'leave' })
  }

  const stand = (subscriber: Subscriber, at: Place): void => {
    subscriber.epoch = epochOf(at)
    subscriber.next = offsetOf(at) + 1
  }

  /** The application hears of a gap, or that it begins here. */
  const begin = (subscriber: Subscriber, at: Place): void => {
    subscriber.phase = 'joined'
    subscriber.position = at
    subscriber.late = nowhere
    subscriber.last = serialOf(at)
    subscriber.got = 0
    stand(subscriber, at)
  }

  const joined = (subscriber: Subscriber, at: Place): void => {
    if (subscriber.position === nowhere) return begin(subscriber, at)
    subscriber.phase = 'joined'
    stand(subscriber, subscriber.position)
  }

  /** The application is given a publication. */
  const see = (state: State, subscriber: Subscriber, place: Place): void => {
    const serial = serialOf(place)
    const bit = 1 << state.publication[serial]!
    const { last } = subscriber
    if (subscriber.got & bit) violate(state, `DUPLICATE: ${serial} was seen before`)
    if (last !== state.before[serial])
      violate(state, `SILENT: ${serial} comes after ${last}, not after ${state.before[serial]}`)
    subscriber.got |= bit
    subscriber.last = serial
  }

  const take = (state: State, subscriber: Subscriber, place: Place): void => {
    const { epoch, next } = subscriber
    const offset = offsetOf(place)
    if (offset < next) return
    const isHole = offset > next && breach !== 'ignore-holes'
    if (isHole && breach === 'take-past-a-hole') see(state, subscriber, place)
    if (isHole) return join(subscriber)
    see(state, subscriber, place)
    subscriber.next = offset + 1
    // What the client knows of the epoch it has from the answer to its join.
    const position = (place & 0xfff) | (epoch << 12)
    if (breach !== 'position-after-handlers') subscriber.position = position
    else {
      if (subscriber.late !== nowhere) subscriber.position = subscriber.late
      subscriber.late = position
    }
  }

  const answer = (state: State, subscriber: Subscriber, frame: Frame): void => {
    switch (frame.t) {
      case 'joined':
        return joined(subscriber, frame.at)
      case 'gap':
        return begin(subscriber, frame.at)
      case 'refused':
        subscriber.phase = frame.isTemporary ? 'waiting' : 'refused'
        return
      case 'publication':
        return take(state, subscriber, frame.place)
      case 'join':
      case 'leave':
    }
  }

  /** Whether the frame is for the subscription that the client has, or waits for. */
  const isCurrent = ({ phase, n }: Subscriber, frame: Frame): boolean => {
    const isAnswer = 'n' in frame && frame.n > 0
    if (phase === 'joined') return !isAnswer || breach === 'no-n'
    if (phase !== 'joining') return false
    if (frame.t === 'publication') return breach === 'take-while-joining'
    if (!isAnswer) return breach === (frame.t === 'gap' ? 'gap-while-joining' : 'end-while-joining')
    return frame.n === n || breach === 'no-n'
  }

  const receive = (state: State, subscriber: Subscriber): void => {
    const frame = subscriber.down.shift()!
    if (isCurrent(subscriber, frame)) answer(state, subscriber, frame)
  }

  /** Drops the last publication that waits to be delivered. */
  const drop = (subscriber: Subscriber): void => {
    subscriber.down.pop()
    const { phase } = subscriber
    if (phase === 'joined' ? breach === 'wait-after-drops' : breach === 'drop-while-joining') return
    if (phase === 'joined' || phase === 'joining') join(subscriber)
  }

  const finishHandlers = (subscriber: Subscriber): void => {
    subscriber.position = subscriber.late
    subscriber.late = nowhere
  }

  return { join, dial, leave, receive, drop, finishHandlers }
}
