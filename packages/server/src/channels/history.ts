import { utf8Length } from '@holdfast/protocol'
import type { LogEntry, LogRange, LogSlice } from './broker.ts'

/** Which publications are wanted: the last `limit`, of those below `before` if it is given. */
export interface HistoryRange {
  readonly limit: number
  readonly before: number | undefined
}

/** A part of the history. */
export interface HistoryPage {
  readonly epoch: string
  readonly entries: readonly LogEntry[]
  /** There are older ones. */
  readonly more: boolean
}

/** What is read for it: one more than is wanted, which shows whether there are older ones. */
export function rangeOf({ limit, before }: HistoryRange): LogRange {
  if (before === undefined) return { last: limit + 1 }
  const after = Math.max(0, before - 2 - limit)
  return { after, limit: Math.max(0, before - 1 - after) }
}

/** Takes the page out of what was read, as much as fits into that many bytes. */
export function pageOf(
  slice: LogSlice,
  { limit, before = Infinity }: HistoryRange,
  maxBytes: number,
): HistoryPage {
  const below = slice.entries.filter(({ offset }) => offset < before)
  let from = below.length
  let room = maxBytes
  while (from > 0 && below.length - from < limit) {
    room -= utf8Length(below[from - 1]!.text) + 64
    if (room < 0) break
    from--
  }
  return { epoch: slice.epoch, entries: below.slice(from), more: from > 0 }
}
