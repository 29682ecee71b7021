import { describe, expect, it } from 'vitest'
import { answerOf, needsOlder } from './answer.ts'
import type { Position } from './broker.ts'
import { Log } from './log.ts'

const log = new Log({
  epoch: 'e',
  before: { offset: 3, id: 'c' },
  entries: ['d', 'e', 'f'].map((id, index) => ({ offset: 4 + index, id, text: '', at: 0 })),
})
const at = (offset: number, id: string): Position => ({ epoch: 'e', offset, id })
const plain = { rewind: 0, lastOnly: false }
const last = { rewind: 1, lastOnly: true }

describe('a client that subscribes', () => {
  it('begins at the head without a position', () => {
    expect(answerOf(log, undefined, plain)).toEqual({
      at: at(6, 'f'),
      missed: 0,
      gap: null,
      from: { offset: 6, id: 'f' },
    })
  })

  it('begins earlier if the kind rewinds, as far as the log goes', () => {
    expect(answerOf(log, undefined, { ...plain, rewind: 2 })).toMatchObject({ at: at(4, 'd'), missed: 0 })
    expect(answerOf(log, undefined, { ...plain, rewind: 9 })).toMatchObject({ at: at(3, 'c'), missed: 0 })
  })

  it('goes on from a good position', () => {
    expect(answerOf(log, at(4, 'd'), plain)).toEqual({
      at: at(6, 'f'),
      missed: 2,
      gap: null,
      from: at(4, 'd'),
    })
  })

  it('has a gap after any other', () => {
    expect(answerOf(log, at(1, 'a'), plain)).toMatchObject({ at: at(6, 'f'), missed: undefined, gap: 5 })
    expect(answerOf(log, { ...at(4, 'd'), epoch: 'x' }, plain)).toMatchObject({
      missed: undefined,
      gap: null,
    })
  })

  it('gets the last publication, if only that one matters', () => {
    const from = { offset: 5, id: 'e' }
    expect(answerOf(log, undefined, last)).toEqual({ at: at(5, 'e'), missed: 0, gap: null, from })
    for (const position of [at(1, 'a'), at(4, 'd'), at(9, 'x')])
      expect(answerOf(log, position, last)).toEqual({ at: at(5, 'e'), missed: undefined, gap: 0, from })
    expect(answerOf(log, at(5, 'e'), last)).toMatchObject({ at: at(6, 'f'), missed: 1 })
    expect(answerOf(log, at(6, 'f'), last)).toMatchObject({ at: at(6, 'f'), missed: 0 })
  })
})

describe('older entries are read', () => {
  it.each<[Position | undefined, number, boolean]>([
    [at(2, 'b'), 0, true],
    [at(3, 'c'), 0, false],
    [at(9, 'x'), 0, false],
    [{ ...at(2, 'b'), epoch: 'x' }, 0, false],
    [undefined, 3, false],
    [undefined, 4, true],
  ])('for %j and a rewind of %j: %j', (position, rewind, isNeeded) => {
    expect(needsOlder(log, position, { ...plain, rewind })).toBe(isNeeded)
  })

  it('not for a rewind of a log from its beginning', () => {
    const whole = new Log({ epoch: 'e', before: { offset: 0, id: '' }, entries: [] })
    expect(needsOlder(whole, undefined, { ...plain, rewind: 5 })).toBe(false)
  })
})
