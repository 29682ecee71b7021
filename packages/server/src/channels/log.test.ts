import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LogEntry } from './broker.ts'
import { Log } from './log.ts'

const entry = (offset: number, id = `id ${offset}`): LogEntry => ({
  offset,
  id,
  text: 'x'.repeat(10),
  at: offset,
})

/** A log of the offsets from `first` to `last`. */
function logOf(first: number, last: number, epoch = 'e'): Log {
  const before = { offset: first - 1, id: first === 1 ? '' : `id ${first - 1}` }
  const entries = Array.from({ length: last - first + 1 }, (_, index) => entry(first + index))
  return new Log({ epoch, before, entries })
}

const offsets = (entries: readonly LogEntry[] | undefined): number[] | undefined =>
  entries?.map(({ offset }) => offset)

describe('what is missing above a position', () => {
  const log = logOf(4, 6)
  it.each<[string, [string, number, string], number[] | undefined]>([
    ['at the head: nothing', ['e', 6, 'id 6'], []],
    ['in the log: the rest', ['e', 4, 'id 4'], [5, 6]],
    ['directly before the log: all', ['e', 3, 'id 3'], [4, 5, 6]],
    ['before that: unknown', ['e', 2, 'id 2'], undefined],
    ['of the future: unknown', ['e', 7, 'id 7'], undefined],
    ['of another epoch: unknown', ['f', 5, 'id 5'], undefined],
    ['of a replaced entry: unknown', ['e', 5, 'other'], undefined],
    ['of a replaced entry before the log: unknown', ['e', 3, 'other'], undefined],
  ])('%s', (_, [epoch, offset, id], missing) => {
    expect(offsets(log.since({ epoch, offset, id }))).toEqual(missing)
  })

  it('is counted if the log goes on above it', () => {
    expect(log.missedSince({ epoch: 'e', offset: 1, id: 'id 1' })).toBe(5)
    expect(log.missedSince({ epoch: 'e', offset: 6, id: 'other' })).toBeNull()
    expect(log.missedSince({ epoch: 'e', offset: 5, id: 'other' })).toBeNull()
    expect(log.missedSince({ epoch: 'f', offset: 1, id: 'id 1' })).toBeNull()
  })
})

describe('a publication that is brought', () => {
  it.each<[string, string, LogEntry, string, string?]>([
    ['is the next one', 'e', entry(7), 'next'],
    ['is the next one of a log that has lost its end', 'e', entry(7), 'hole', 'other'],
    ['is the last one', 'e', entry(6), 'old'],
    ['is long known', 'e', entry(1), 'old'],
    ['is directly before the log', 'e', entry(3), 'old'],
    ['is too far ahead', 'e', entry(8), 'hole'],
    ['is of another epoch', 'f', entry(7), 'hole'],
    ['has the offset of another one', 'e', entry(5, 'other'), 'hole'],
    ['has the offset of the place before the log', 'e', entry(3, 'other'), 'hole'],
  ])('%s', (_, epoch, brought, verdict, before = `id ${brought.offset - 1}`) => {
    expect(logOf(4, 6).take(epoch, brought, before)).toBe(verdict)
  })
})

describe('a log that is read again', () => {
  it('goes on for those who have everything', () => {
    const log = logOf(4, 6)
    expect(offsets(log.adopt(logOf(6, 8).slice({ after: 0 })))).toEqual([7, 8])
    expect([log.before.offset, log.head.offset, log.size]).toEqual([3, 8, 5])
  })

  it('becomes what was read if that reaches further back', () => {
    const log = logOf(4, 6)
    expect(offsets(log.adopt(logOf(1, 7).slice({ after: 0 })))).toEqual([7])
    expect([log.before.offset, log.head.offset, log.bytes]).toEqual([0, 7, 70])
  })

  it('is a gap if it does not go on', () => {
    for (const slice of [logOf(8, 9), logOf(1, 5), logOf(1, 9, 'f')]) {
      const log = logOf(4, 6)
      expect(log.adopt(slice.slice({ after: 0 }))).toBeUndefined()
      expect(log.end).toEqual(slice.end)
    }
  })
})

describe('a log with bounds', () => {
  const plenty = { maxMessages: 100, maxBytes: 1_000, maxAge: 1_000 }

  it('keeps the newest entries up to all of them', () => {
    for (const [bounds, left] of [
      [plenty, 6],
      [{ ...plenty, maxMessages: 2 }, 2],
      [{ ...plenty, maxBytes: 39 }, 3],
      [{ ...plenty, maxAge: 1 }, 2],
      [{ ...plenty, maxMessages: 0 }, 0],
    ] as const) {
      const log = logOf(1, 6)
      log.trim(bounds, 6)
      expect([log.size, log.bytes, log.before.offset]).toEqual([left, left * 10, 6 - left])
      expect(log.end).toEqual({ epoch: 'e', offset: 6, id: 'id 6' })
    }
  })

  it('gives the rest, all of it, or nothing, and never a part', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(3), { maxLength: 40 }),
        fc.nat(5),
        fc.nat(40),
        fc.boolean(),
        (steps, maxMessages, at, isSame) => {
          const log = logOf(1, 0)
          const all: LogEntry[] = []
          for (const step of steps)
            if (step > 0) {
              const next = entry(all.length + 1)
              all.push(next)
              log.append(next)
            } else log.trim({ ...plenty, maxMessages }, 0)
          const position = { epoch: 'e', offset: at, id: isSame ? (at === 0 ? '' : `id ${at}`) : 'other' }
          const missing = log.since(position)
          if (!isSame || at > all.length) expect(missing).toBeUndefined()
          else if (missing) expect(missing).toEqual(all.slice(at))
          else expect(at).toBeLessThan(log.before.offset)
        },
      ),
    )
  })
})
