import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8Length } from './limits.ts'

describe('the length of a text in UTF-8', () => {
  it('is that of its encoding', () => {
    const encoder = new TextEncoder()
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(utf8Length(text)).toBe(encoder.encode(text).length)
      }),
    )
    for (const text of ['', 'a', '\u007f\u0080', '\u07ff\u0800', '\ud7ff\ue000\uffff', '😀'])
      expect(utf8Length(text)).toBe(encoder.encode(text).length)
  })

  it('is -1 when there is a lone surrogate', () => {
    for (const text of ['\ud800', 'a\udc00b', '\ud800\ud800', '\udc00\ud800', '😀\ud83d', 'x\udbffy'])
      expect(utf8Length(text)).toBe(-1)
  })
})
