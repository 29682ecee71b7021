import { epochOf, newLog, nowhere, offsetOf, placeOf, positionOf, serialOf } from './state.ts'
import type { Log, Place, Read, State } from './state.ts'
import type { Breach, World } from './world.ts'

export function violate(state: State, what: string): void {
  state.violation ??= what
}

/** What the log of the broker does, by PROTOCOL.md or by a breach of it. */
export function createLogRules({ history, rewind }: World, breach: Breach | undefined) {
  const cloneLog = (log: Log): Log => ({ ...log, entries: log.entries.slice() })

  /** Appends a publication in one step, unless the log remembers it. */
  const append = (state: State, publication: number): void => {
    const { log, before } = state
    const isKnown = [log.floor, ...log.entries].some(
      (place) => state.publication[place & 15] === publication && (place & 15) > 0,
    )
    if (isKnown && breach !== 'no-dedupe') return
    if (state.chances.failovers > 0) state.past = [cloneLog(log), ...state.past].slice(0, 2)
    const serial = before.length
    before.push(serialOf(log.head))
    state.publication.push(publication)
    const id = breach === 'pub-is-id' ? publication : serial
    const place = placeOf(log.epoch, offsetOf(log.head) + 1, id, serial)
    log.head = place
    log.entries.push(place)
    if (log.entries.length > history) log.floor = log.entries.shift()!
    for (const { pubsub, queue } of state.nodes) if (pubsub === 'up') queue.push(place)
  }

  /** Reads from a position on: everything above it, if its very publication is there, or else a gap. */
  const read = (state: State, from: Place): Read => {
    const { log } = state
    const { head, entries, floor } = log
    if (from === nowhere) {
      const missed = rewind > 0 ? entries.slice(-rewind) : []
      const before = [floor, ...entries].at(-1 - missed.length)!
      const start =
        breach === 'rewind-without-id' ? placeOf(log.epoch, offsetOf(before), 0, before & 15) : before
      return { isGap: false, start, head, missed }
    }
    const offset = offsetOf(from)
    const missed = entries.filter((place) => offsetOf(place) > offset)
    const answer = (isGap: boolean): Read => ({ isGap, start: nowhere, head, missed: isGap ? [] : missed })
    if (epochOf(from) !== log.epoch && breach !== 'no-epoch') return answer(true)
    if (offset > offsetOf(head)) return answer(breach !== 'future-is-fine')
    const isSame = (place: Place): boolean =>
      positionOf(place) === positionOf(from) || breach === 'offset-is-enough' || breach === 'no-epoch'
    const kept = entries.find((place) => offsetOf(place) === offset)
    if (kept !== undefined) return answer(!isSame(kept))
    if (offset === offsetOf(floor) && breach !== 'no-witness')
      return answer(!isSame(floor) && breach !== 'trust-the-floor')
    return answer(breach !== 'send-what-is-left')
  }

  /** A gap must not be told when nothing is missing that the log does not have. */
  const isNeedless = (state: State, from: Place): boolean => {
    const { log, before } = state
    let place = serialOf(log.head)
    for (let index = log.entries.length - 1; index >= 0 && place !== serialOf(from); index--)
      place = before[serialOf(log.entries[index]!)]!
    return place === serialOf(from)
  }

  const failOver = (state: State, lost: number): void => {
    state.log = cloneLog(state.past[lost]!)
    state.past = []
  }

  const wipe = (state: State): void => {
    state.log = newLog(state.log.epoch + 1)
    state.past = []
  }

  return { append, read, isNeedless, failOver, wipe }
}
