import { describe, expect, it } from 'vitest'
import { HoldfastError, isHoldfastError, misuse } from './errors.ts'

describe('an error', () => {
  it('carries its code, and what there is to know', () => {
    const cause = new Error('deeper')
    const error = new HoldfastError('remote', 'the server said no', { cause, data: { code: 7 } })
    expect(error).toMatchObject({
      name: 'HoldfastError',
      code: 'remote',
      message: 'the server said no',
      cause,
      data: { code: 7 },
    })
    expect(Object.keys(new HoldfastError('misuse', 'x'))).not.toContain('data')
  })

  it('is known by its brand, also from another copy of the package', () => {
    expect(isHoldfastError(new HoldfastError('misuse', 'x'))).toBe(true)
    expect(isHoldfastError({ [Symbol.for('holdfast.error')]: true })).toBe(true)
    for (const value of [null, undefined, 'HoldfastError', {}, new Error('x'), () => {}])
      expect(isHoldfastError(value)).toBe(false)
  })

  it('says where its page is, when it is a misuse', () => {
    expect(misuse('no').message).toMatch(/^no\nhttps:.*\/docs\/errors\/misuse\.md$/)
    expect(misuse('no', 7)).toMatchObject({ code: 'misuse', cause: 7 })
  })
})
