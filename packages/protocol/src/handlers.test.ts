import { describe, expect, it } from 'vitest'
import { createHandlers } from './handlers.ts'
import { schemas } from './schemas.ts'

const misuse = (message: string): Error =>
  expect.objectContaining({
    code: 'misuse',
    message: expect.stringContaining(message) as string,
  }) as Error
const never = (): never => expect.unreachable()
const text = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value: unknown) =>
      typeof value === 'string' ? { value: value.trim() } : { issues: [{ message: 'no text' }] },
  },
} as const

describe('the handler of a request', () => {
  it('is one for each name, until it is removed', () => {
    const { handle, find, clear } = createHandlers(undefined, never)
    const handler = (...values: unknown[]): unknown => values
    const remove = handle('ask', handler)
    expect(() => handle('ask', () => 2)).toThrow(misuse("'ask' has a handler: remove it"))
    remove()
    expect(find('ask')).toBeUndefined()
    handle('ask', handler)
    remove()
    expect(find('ask')!('input', 'me', 'context')).toEqual(['input', 'me', 'context'])
    clear()
    expect(find('ask')).toBeUndefined()
  })

  it('must be a function, for a request of the contract', () => {
    const { handle } = createHandlers(schemas({ toClient: { event: text } }).toClient, never)
    expect(() => handle('ask', 5 as never)).toThrow(misuse('must be a function'))
    for (const name of ['ask', 'event'])
      expect(() => handle(name, () => 1)).toThrow(misuse(`'${name}' is not a request in the contract`))
  })

  it('stands between the schemas of its request, and what is invalid comes with who asks', async () => {
    const invalid: unknown[] = []
    const { handle, find } = createHandlers(
      schemas({ toClient: { ask: { input: text, output: text } } }).toClient,
      (...values) => invalid.push(values),
    )
    handle('ask', (input, peer) => `${String(input)} ${String(peer)}`)
    expect(await find('ask')!('  hi ', 'me')).toBe('hi me')
    await expect(find('ask')!(5, 'me')).rejects.toMatchObject({ reason: 'invalid' })
    expect(invalid).toEqual([
      [{ reason: 'schema', name: 'ask', data: 5, issues: [{ message: 'no text' }] }, 'me'],
    ])
  })
})
