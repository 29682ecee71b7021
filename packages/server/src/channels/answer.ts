import type { Place, Position } from './broker.ts'
import { positionOf } from './log.ts'
import type { Log } from './log.ts'

/** How much of a channel a subscription begins with. */
export interface Start {
  /** How many of the last publications a client without a position gets. */
  readonly rewind: number
  /** Only the last publication matters: missing others is no gap. */
  readonly lastOnly: boolean
}

/** The answer to a client that subscribes. */
export interface Answer {
  readonly at: Position
  /** How many publications follow up to `at`; undefined for a gap. */
  readonly missed: number | undefined
  /** How many the client has missed permanently; null if that is not known. */
  readonly gap: number | null
  /** The publications above this place follow. */
  readonly from: Place
}

/** Decides how a subscription begins, or goes on after a hole: with everything above the position, or with a gap. */
export function answerOf(log: Log, position: Position | undefined, { rewind, lastOnly }: Start): Answer {
  const { end } = log
  const missed = position && log.since(position)
  // Of the missed ones, only the last counts.
  const isShort = missed && (!lastOnly || missed.length < 2)
  if (position && isShort) return { at: end, missed: missed.length, gap: null, from: position }
  if (position && !lastOnly) return { at: end, missed: undefined, gap: log.missedSince(position), from: end }
  const { before } = log.slice({ last: lastOnly ? 1 : rewind })
  const at = positionOf(log.epoch, before)
  return position
    ? { at, missed: undefined, gap: 0, from: before }
    : { at, missed: 0, gap: null, from: before }
}

/** Whether older entries than a feed has read are needed to answer. */
export function needsOlder(log: Log, position: Position | undefined, { rewind }: Start): boolean {
  if (!position) return rewind > log.size && log.before.offset > 0
  return position.epoch === log.epoch && position.offset < log.before.offset
}
