import { describe, expect, it } from 'vitest'
import { encodeMessage } from './encode-message.ts'
import { schemas } from './schemas.ts'

const number = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value: unknown) => (typeof value === 'number' ? { value } : { issues: [{ message: 'no' }] }),
  },
} as const
const contract = schemas({ toServer: { event: number, ask: { input: number, output: number } } })
const encode = (...values: unknown[]): unknown[] => values
const misuse = (message: string, cause?: unknown): Error =>
  expect.objectContaining({
    code: 'misuse',
    message: expect.stringContaining(message) as string,
    ...(cause !== undefined && { cause }),
  }) as Error

describe('a message that an application sends', () => {
  it('is encoded, with an id if it is a request', () => {
    expect(encodeMessage(undefined, 'event', 1, undefined, encode)).toEqual(['event', 1, undefined])
    expect(encodeMessage(contract.toServer, 'event', 1, undefined, encode)).toEqual(['event', 1, undefined])
    expect(encodeMessage(contract.toServer, 'ask', 1, 7, encode)).toEqual(['ask', 1, 7])
  })

  it('must have text for a name', () => {
    expect(() => encodeMessage(undefined, 5 as never, 1, undefined, encode)).toThrow(
      misuse('must be a string'),
    )
  })

  it('must be what the contract says', () => {
    for (const [name, data, id] of [
      ['event', 'x', undefined],
      ['ask', 'x', 7],
      ['event', 1, 7],
      ['ask', 1, undefined],
    ] as const)
      expect(() => encodeMessage(contract.toServer, name, data, id, encode)).toThrow(misuse(`'${name}'`))
  })

  it.each([new Error('too deep'), 'too deep'])('cannot be encoded if that throws: %o', (cause) => {
    expect(() =>
      encodeMessage(undefined, 'event', 1, undefined, () => {
        throw cause
      }),
    ).toThrow(misuse("'event' cannot be encoded: too deep", cause))
  })
})
