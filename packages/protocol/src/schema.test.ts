import { describe, expect, it } from 'vitest'
import { validate } from './schema.ts'
import type { StandardSchema } from './schema.ts'

const schema = (check: StandardSchema['~standard']['validate']): StandardSchema => ({
  '~standard': { version: 1, vendor: 'test', validate: check },
})

describe('a schema of the contract', () => {
  it('says what it makes of a value, or what is wrong', () => {
    expect(
      validate(
        schema((value) => ({ value: Number(value) })),
        '7',
      ),
    ).toEqual({ value: 7 })
    expect(
      validate(
        schema(() => ({ issues: [{ message: 'no' }] })),
        '7',
      ),
    ).toEqual({ issues: [{ message: 'no' }] })
  })

  it('must be synchronous, also when its promise fails', async () => {
    for (const promise of [Promise.resolve({ value: 1 }), Promise.reject(new Error('late'))])
      expect(() =>
        validate(
          schema(() => promise),
          1,
        ),
      ).toThrow('must be synchronous')
    await new Promise((resolve) => setImmediate(resolve))
  })

  it('must not throw', () => {
    const cause = new Error('boom')
    const throwing = schema(() => {
      throw cause
    })
    expect(() => validate(throwing, 1)).toThrow(expect.objectContaining({ code: 'misuse', cause }) as Error)
  })
})
