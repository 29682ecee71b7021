import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { printable } from './printable.ts'

describe('a text of the peer that is shown to people', () => {
  it('stands on one line, and drives no terminal', () => {
    expect(printable('a\r\nb\u2028c')).toBe('a b c')
    expect(printable('\u001b]0;title\u0007 \u009b31m')).toBe(' ]0;title   31m')
    expect(printable('abc\u202edcba\u2066')).toBe('abc dcba ')
  })

  it('keeps its letters, whatever the language', () => {
    for (const text of ['', 'plain {"after":[1,2]} ~', 'Zażółć gęślą', 'שלום', 'سلام', '你好', '👩‍👩‍👧', '…'])
      expect(printable(text)).toBe(text)
  })

  it('is bounded, and the same when it is cleaned again', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 1_200, unit: 'binary' }), (text) => {
        const shown = printable(text)
        expect(shown.length).toBeLessThanOrEqual(1_000)
        expect(printable(shown)).toBe(shown)
        expect(Array.from(shown).every((unit) => unit >= ' ')).toBe(true)
      }),
    )
    expect(printable('x'.repeat(5_000))).toBe('x'.repeat(1_000))
  })
})
