import { defaultDecodeLimits, utf8Length } from '@holdfast/protocol'
import type { Limits } from '../limits.ts'
import type { LogEntry, LogRange, LogSlice } from './broker.ts'
import { decodePublication } from './publication.ts'

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

/** The most publications of a page for a client, and their size in bytes, unless one alone is larger. */
const maxPageMessages = 1_000
const maxPageBytes = 1_048_576
/** The keys and elements of a page that are not those of its publications. */
const pageKeys = 8
/** The most keys and elements of a publication that are not those of its data. */
const listedKeys = 5

/** A publication in the answer to a client. */
export type ListedPublication = readonly [offset: number, id: string, event: string, data?: unknown]

/** A page for a client, which bounds what it accepts. */
export interface ListedPage {
  readonly epoch: string
  readonly publications: readonly ListedPublication[]
  readonly more: boolean
}

/** Returns undefined for what is not an integer above 0; `before` may be missing. */
export function readRange(limit: unknown, before: unknown): HistoryRange | undefined {
  return isPositive(limit) && (before === undefined || isPositive(before)) ? { limit, before } : undefined
}

function isPositive(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}

/** What a client may ask for at once. */
export function boundRange({ limit, before }: HistoryRange): HistoryRange {
  return { limit: Math.min(limit, maxPageMessages), before }
}

/** How many bytes a page may have for a client that takes as many in a message. */
export function pageBytes(maxBytes: number, { maxPublicationBytes }: Limits): number {
  return Math.min(maxBytes, Math.max(maxPageBytes, 2 * maxPublicationBytes))
}

/** Encodes the newest publications of a page, as many as have no more keys and elements than clients accept. */
export function listedPage({ epoch, entries, more }: HistoryPage): ListedPage {
  const all = entries.map(listed)
  let from = all.length
  for (let left = defaultDecodeLimits.maxKeys - pageKeys; from > 0; from--) {
    left -= listedKeys + keysOf(all[from - 1]![3])
    if (left < 0) break
  }
  return { epoch, publications: all.slice(from), more: more || from > 0 }
}

function listed({ offset, id, text }: LogEntry): ListedPublication {
  const { event, data } = decodePublication(text)
  return data === undefined ? [offset, id, event] : [offset, id, event, data]
}

/** The keys and elements in a value. */
function keysOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const members = Object.values(value)
  let keys = members.length
  for (const member of members) keys += keysOf(member)
  return keys
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
