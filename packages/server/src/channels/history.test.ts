import { describe, expect, it } from 'vitest'
import { pageOf, rangeOf } from './history.ts'
import { Log } from './log.ts'

const log = new Log({
  epoch: 'e',
  before: { offset: 3, id: 'c' },
  entries: [4, 5, 6, 7].map((offset) => ({ offset, id: `${offset}`, text: 'x'.repeat(10), at: 0 })),
})
const page = (limit: number, before?: number, maxBytes = Infinity): unknown => {
  const { entries, more } = pageOf(log.slice(rangeOf({ limit, before })), { limit, before }, maxBytes)
  return [entries.map(({ offset }) => offset).join(), more]
}

describe('a page of the history', () => {
  it('has the last publications, and knows whether there are older ones', () => {
    expect(page(2)).toEqual(['6,7', true])
    expect(page(4)).toEqual(['4,5,6,7', false])
    expect(page(9)).toEqual(['4,5,6,7', false])
  })

  it('has those below an offset', () => {
    expect(page(2, 6)).toEqual(['4,5', false])
    expect(page(1, 6)).toEqual(['5', true])
    expect(page(5, 4)).toEqual(['', false])
    expect(page(5, 1)).toEqual(['', false])
  })

  it('has as many as fit', () => {
    expect(page(4, undefined, 160)).toEqual(['6,7', true])
    expect(page(4, undefined, 10)).toEqual(['', true])
  })
})
