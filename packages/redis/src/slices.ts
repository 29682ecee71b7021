import { randomBytes } from 'node:crypto'
import type { LogEntry, LogRange, LogSlice, Place } from '@holdfast/server'
import type { Commands } from './commands.ts'
import type { ChannelKeys } from './keys.ts'
import { milliseconds } from './milliseconds.ts'
import { read } from './scripts.ts'

/** A part of a log, and the run of Redis from which it is. */
export interface RunSlice {
  readonly run: string
  readonly slice: LogSlice
}

type Entry = readonly [id: string, fields: readonly [string, string, string, string, string, string]]
type Answer = readonly [
  run: string,
  epoch: string,
  head: string,
  headId: string,
  before: string,
  beforeId: string,
  now: string,
  maxAge: string,
  entries: readonly Entry[],
]

/** Reads a part of a log. Publications that are too old are in Redis until the next one comes, and are left out. */
export async function readSlice(
  commands: Commands,
  keys: ChannelKeys,
  range: LogRange,
  lifetime: number,
): Promise<RunSlice> {
  const { base, log, ids } = keys
  const epoch = randomBytes(9).toString('base64url')
  const [kind, number] = 'last' in range ? ['last', range.last] : ['after', range.after]
  const args = [epoch, milliseconds(lifetime), kind, `${number}`, `${range.limit ?? -1}`]
  const answer = (await commands.run(read, [base, log, ids], args)) as Answer
  const found = sliceOf(answer)
  const { entries, before, head } = found.slice
  const isCut = answer[8].length > 0 && entries.length === 0 && before.offset < head.offset
  if (!isCut) return found
  const rest = { after: before.offset, ...(range.limit !== undefined && { limit: range.limit }) }
  return readSlice(commands, keys, rest, lifetime)
}

function sliceOf([run, epoch, head, headId, before, beforeId, now, maxAge, found]: Answer): RunSlice {
  const all = found.map(entryOf)
  const oldest = Number(now) - Number(maxAge)
  const first = all.findIndex(({ at }) => at >= oldest)
  const entries = first < 0 ? [] : all.slice(first)
  const old = first < 0 ? all.at(-1) : all[first - 1]
  const place = old ? { offset: old.offset, id: old.id } : placeBefore(all[0], before, beforeId)
  return { run, slice: { epoch, head: { offset: Number(head), id: headId }, before: place, entries } }
}

/** The place that was asked for, unless Redis was made to delete what was after it. */
function placeBefore(first: LogEntry | undefined, before: string, id: string): Place {
  const offset = Number(before)
  return !first || first.offset === offset + 1 ? { offset, id } : { offset: first.offset - 1, id: '' }
}

function entryOf([place, [, id, , text]]: Entry): LogEntry {
  const [offset, at] = place.split('-')
  return { offset: Number(offset), id, text, at: Number(at) }
}
