import { describe, expect, it, vi } from 'vitest'
import type { Answerer } from './handlers.ts'
import type { Checks, InvalidData, SchemaIssue, StandardSchema } from './schema.ts'
import { schemas } from './schemas.ts'

const schema = (check: StandardSchema['~standard']['validate']): StandardSchema => ({
  '~standard': { version: 1, vendor: 'test', validate: check },
})
const toNumber = schema((value) =>
  typeof value === 'string' ? { value: Number(value) } : { issues: [{ message: 'no text', path: ['a'] }] },
)
const boolean = schema((value) =>
  typeof value === 'boolean' ? { value } : { issues: [{ message: 'no boolean' }] },
)
const cause = new Error('boom')
const throwing = schema(() => {
  throw cause
})
const context = { signal: new AbortController().signal }
const never = (): never => expect.unreachable()

const { toClient: checks } = schemas({
  toClient: { number: toNumber, throwing, ask: { input: toNumber, output: boolean } },
})
const asking = (answerer: Answerer, invalid: (message: InvalidData) => void = never): Answerer =>
  checks.request('ask', answerer, invalid) as Answerer

describe('a contract of schemas', () => {
  it('keeps what it was made of, and knows no name in a direction without schemas', () => {
    const contract = { toClient: { number: toNumber } }
    const made = schemas(contract)
    expect(made.schemas).toBe(contract)
    expect(() => made.toServer.message('number', '1', false)).toThrow(/not an event in the contract/)
  })

  it('checks the publications of channels by the kind of the channel', () => {
    const { channels } = schemas({ channels: { room: { number: toNumber }, feed: {} } })
    expect(channels.get('room')!.event('number', '1', never)).toEqual({ value: 1 })
    expect(() => channels.get('room')!.message('number', 1, false)).toThrow(
      /does not fit its schema: no text/,
    )
    expect(() => channels.get('feed')!.message('number', '1', false)).toThrow(/not an event in the contract/)
    expect(channels.get('constructor')).toBeUndefined()
  })

  it.each(['other', '__proto__', 'constructor', 'toString'])('does not know the name %s', (name) => {
    const invalid: InvalidData[] = []
    expect(checks.event(name, 1, (message) => invalid.push(message))).toBeUndefined()
    expect(invalid).toEqual([{ reason: 'unknown-name', name, data: 1 }])
    for (const [isRequest, kind] of [
      [false, 'an event'],
      [true, 'a request'],
    ] as const)
      expect(() => checks.message(name, '1', isRequest)).toThrow(`'${name}' is not ${kind} in the contract`)
    expect(() => checks.request(name, never, never)).toThrow(`'${name}' is not a request in the contract`)
  })

  it('does not take a request for an event, nor an event for a request', () => {
    const invalid: InvalidData[] = []
    checks.event('ask', '1', (message) => invalid.push(message))
    expect(invalid).toEqual([{ reason: 'unknown-name', name: 'ask', data: '1' }])
    expect(() => checks.message('ask', '1', false)).toThrow("'ask' is not an event in the contract")
    expect(() => checks.message('number', '1', true)).toThrow("'number' is not a request in the contract")
    expect(() => checks.request('number', never, never)).toThrow("'number' is not a request in the contract")
  })

  it('lets what is sent go as it is, and refuses what does not fit, with the issues', () => {
    checks.message('number', '7', false)
    checks.message('ask', '7', true)
    for (const [name, isRequest] of [
      ['number', false],
      ['ask', true],
    ] as const)
      expect(() => checks.message(name, 7, isRequest)).toThrow(
        expect.objectContaining({
          code: 'misuse',
          message: `'${name}' does not fit its schema: no text`,
          data: [{ message: 'no text', path: ['a'] }],
        }) as Error,
      )
  })

  it('gives what a schema makes of an event, or reports what is wrong', () => {
    expect(checks.event('number', '7', never)).toEqual({ value: 7 })
    const invalid: InvalidData[] = []
    const report = (message: InvalidData): void => void invalid.push(message)
    expect(checks.event('number', 7, report)).toBeUndefined()
    expect(checks.event('throwing', 7, report)).toBeUndefined()
    expect(invalid).toEqual([
      { reason: 'schema', name: 'number', data: 7, issues: [{ message: 'no text', path: ['a'] }] },
      { reason: 'schema', name: 'throwing', data: 7, error: expect.objectContaining({ cause }) as Error },
    ])
  })

  it('gives what a schema makes of an answer, or says what is wrong with it', () => {
    expect(checks.answer('ask', true)).toBe(true)
    expect(() => checks.answer('ask', 'yes')).toThrow(
      expect.objectContaining({ code: 'invalid', data: [{ message: 'no boolean' }] }) as Error,
    )
  })

  it('must not throw', () => {
    expect(() => checks.message('throwing', 1, false)).toThrow(
      expect.objectContaining({ code: 'misuse', cause }) as Error,
    )
  })

  it('must be synchronous, also when its promise fails', async () => {
    for (const promise of [Promise.resolve({ value: 1 }), Promise.reject(new Error('late'))]) {
      const late: Checks = schemas({ toServer: { x: schema(() => promise) } }).toServer
      expect(() => late.message('x', 1, false)).toThrow('must be synchronous')
    }
    await new Promise((resolve) => setImmediate(resolve))
  })
})

describe('a handler of requests between schemas', () => {
  it('gets what its schema made of the input, and its answer is sent as it is', async () => {
    const answerer = vi.fn((input: unknown) => Promise.resolve(input === 7))
    expect(await asking(answerer)('7', context)).toBe(true)
    expect(answerer).toHaveBeenCalledWith(7, context)
  })

  it('is not called for an input that does not fit, which is told at both ends', async () => {
    const invalid: unknown[] = []
    const issues = [{ message: 'no text', path: ['a'] }]
    await expect(asking(never, (...values) => invalid.push(...values))(5, context)).rejects.toMatchObject({
      code: 'remote',
      reason: 'invalid',
      data: issues,
    })
    expect(invalid).toEqual([{ reason: 'schema', name: 'ask', data: 5, issues }, context])
  })

  it('answers nothing that does not fit: that is a fault of its own', async () => {
    await expect(asking(() => 'yes')('7', context)).rejects.toMatchObject({
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
    const input = schema(() => ({ issues: [odd, { message: 'bare' }] }))
    const checked = schemas({ toClient: { ask: { input, output: boolean } } }).toClient.request(
      'ask',
      never,
      () => {},
    ) as Answerer
    const error = await Promise.resolve(checked('x', context)).catch((e: unknown) => e)
    const { data } = error as { data: unknown }
    const path = ['a', 0, 'Symbol(s)', 'b', '10', '[object Object]']
    expect(data).toEqual([{ message: 'odd', path }, { message: 'bare' }])
  })
})
