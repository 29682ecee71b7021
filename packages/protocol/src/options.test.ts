import { describe, expect, it } from 'vitest'
import { checkClose, checkNames, checkTime, given, namesOf } from './options.ts'

const misuse = expect.objectContaining({ code: 'misuse' }) as Error

describe('options', () => {
  it('that are undefined were not given', () => {
    expect(given({ a: undefined, b: 0, c: null })).toEqual({ b: 0, c: null })
    expect(Object.keys(given({ a: undefined }))).toEqual([])
    expect(given(undefined)).toEqual({})
    expect(given(null, 'a')).toEqual({})
  })

  it('are an object', () => {
    expect(() => given(5 as never, 'a, b')).toThrow('write { a, b }')
    expect(() => given('' as never)).toThrow('write { … }')
    expect(() => given((() => {}) as never, 'a')).toThrow(misuse)
  })

  it('of other names than those that are known are refused, unless they are undefined', () => {
    const options = { a: 1, c: undefined as number | undefined }
    expect(given(options, 'a, b')).toEqual({ a: 1 })
    expect(() => given({ ...options, c: 1 }, namesOf({ a: 0, b: 0 }))).toThrow("'c' is not one of a, b")
  })

  it('of unknown names are refused, with the names that there are', () => {
    checkNames([], 'a, b')
    checkNames(['b', 'a'], 'a, b')
    for (const name of ['c', '', 'a, b', 'constructor'])
      expect(() => checkNames(['a', name], 'a, b')).toThrow(`'${name}' is not one of a, b`)
  })

  it.each([-1, NaN, 'soon'])('cannot have %o for a time', (value) => {
    expect(() => checkTime('ttl', value as number)).toThrow('ttl must be a number of 0 or more')
  })

  it.each([undefined, 0, 5, Infinity])('can have %o for a time', (value) => checkTime('ttl', value))
})

describe('a connection', () => {
  it.each([[], [1000], [3000], [4999, 'é'.repeat(61)]] as const)('closes with %o %s', (code?, reason?) =>
    checkClose(code, reason),
  )

  it.each([
    [1001],
    [2999],
    [5000],
    [3000.5],
    ['3000' as unknown as number],
    [3000, 'é'.repeat(62)],
    [3000, '\ud800'],
    [3000, 5 as unknown as string],
  ])('does not close with %o %s', (code, reason?: string) => {
    expect(() => checkClose(code, reason)).toThrow(misuse)
  })
})
