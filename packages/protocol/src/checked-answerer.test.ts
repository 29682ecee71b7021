import { describe, expect, it, vi } from 'vitest'
import { checkedAnswerer } from './checked-answerer.ts'
import type { InvalidInput } from './checked-answerer.ts'
import type { SchemaIssue, StandardSchema } from './schema.ts'

const schema = (check: StandardSchema['~standard']['validate']): StandardSchema => ({
  '~standard': { version: 1, vendor: 'test', validate: check },
})
const toNumber = schema((value) =>
  typeof value === 'string' ? { value: Number(value) } : { issues: [{ message: 'no text', path: ['a'] }] },
)
const boolean = schema((value) =>
  typeof value === 'boolean' ? { value } : { issues: [{ message: 'no boolean' }] },
)
const context = { signal: new AbortController().signal }

describe('a handler of requests between schemas', () => {
  it('gets what its schema made of the input, and its answer is sent as it is', async () => {
    const answerer = vi.fn((input: unknown) => Promise.resolve(input === 7))
    const checked = checkedAnswerer({ input: toNumber, output: boolean }, 'ask', answerer, () =>
      expect.unreachable(),
    )
    expect(await checked('7', context)).toBe(true)
    expect(answerer).toHaveBeenCalledWith(7, context)
  })

  it('is not called for an input that does not fit, which is told at both ends', async () => {
    const invalid: InvalidInput[] = []
    const checked = checkedAnswerer(
      { input: toNumber, output: boolean },
      'ask',
      () => expect.unreachable(),
      (message) => invalid.push(message),
    )
    await expect(checked(5, context)).rejects.toMatchObject({
      code: 'remote',
      reason: 'invalid',
      data: [{ message: 'no text', path: ['a'] }],
    })
    const issues = [{ message: 'no text', path: ['a'] }]
    expect(invalid).toEqual([{ reason: 'schema', name: 'ask', data: 5, issues }])
  })

  it('answers nothing that does not fit: that is a fault of its own', async () => {
    const checked = checkedAnswerer(
      { input: toNumber, output: boolean },
      'ask',
      () => 'yes',
      () => {},
    )
    await expect(checked('7', context)).rejects.toMatchObject({
      code: 'misuse',
      message: expect.stringContaining("the answer to 'ask' does not fit its schema: no boolean") as string,
      cause: [{ message: 'no boolean' }],
    })
  })

  it('describes issues in a form that JSON can carry, and without the input', async () => {
    const odd = {
      message: 'odd',
      path: ['a', 0, Symbol('s'), { key: 'b' }, { key: 10n }, { key: { toJSON: () => 'input' } }],
      input: 'the input',
      received: 10n,
      rule: /x/,
    } as unknown as SchemaIssue
    const checked = checkedAnswerer(
      { input: schema(() => ({ issues: [odd, { message: 'bare' }] })), output: boolean },
      'ask',
      () => true,
      () => {},
    )
    const error = await Promise.resolve(checked('x', context)).catch((thrown: unknown) => thrown)
    const { data } = error as { data: unknown }
    const path = ['a', 0, 'Symbol(s)', 'b', '10', '[object Object]']
    expect(data).toEqual([{ message: 'odd', path }, { message: 'bare' }])
  })
})
