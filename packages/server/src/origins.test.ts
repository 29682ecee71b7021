import { describe, expect, it } from 'vitest'
import { createOriginCheck } from './origins.ts'
import type { Origins } from './origins.ts'

const ask = (origins: Origins | undefined, headers: Record<string, string | string[]>): boolean =>
  createOriginCheck(origins, () => {})({ headers })

describe('origins', () => {
  it.each<[string, string, boolean]>([
    ['https://example.com', 'example.com', true],
    ['https://example.com', 'EXAMPLE.com', true],
    ['http://localhost:3000', 'localhost:3000', true],
    ['https://example.com', 'example.com:443', false],
    ['http://localhost:3000', 'localhost:4000', false],
    ['https://evil.com', 'example.com', false],
    ['https://example.com.evil.com', 'example.com', false],
    ['https://sub.example.com', 'example.com', false],
    ['null', 'example.com', false],
    ['', 'example.com', false],
    ['example.com', 'example.com', false],
  ])('without a list, a page of %o at %o: %s', (origin, host, isWelcome) => {
    expect(ask(undefined, { origin, host })).toBe(isWelcome)
  })

  it('without a list, no page is of a host that has no name', () => {
    expect(ask(undefined, { origin: 'https://example.com' })).toBe(false)
    // These have no host either, which does not make it the same one.
    for (const origin of ['file:///page.html', 'about:blank', 'data:,'])
      expect(ask(undefined, { origin, host: '' })).toBe(false)
  })

  it.each<[Origins | undefined]>([[undefined], ['*'], [['https://example.com']], [() => false]])(
    'do not concern who has none: %o',
    (origins) => {
      expect(ask(origins, { host: 'example.com' })).toBe(true)
    },
  )

  it('are compared exactly with those of a list', () => {
    const list = ['https://example.com', 'capacitor://localhost', 'null']
    const welcome = ['https://example.com', 'capacitor://localhost', 'null']
    for (const origin of welcome) expect(ask(list, { origin, host: 'x' })).toBe(true)
    for (const origin of ['http://example.com', 'https://example.com:444', 'https://x', ''])
      expect(ask(list, { origin, host: 'x' })).toBe(false)
    expect(ask(list, { origin: ['https://example.com'] })).toBe(false)
    expect(ask([], { origin: 'https://x', host: 'x' })).toBe(false)
  })

  it('may all be welcome, or those that a function says', () => {
    expect(ask('*', { origin: 'https://evil.com' })).toBe(true)
    expect(ask((origin) => origin.endsWith('.example.com'), { origin: 'https://a.example.com' })).toBe(true)
    expect(ask((_, { headers }) => headers['x'] === '1', { origin: 'a', x: '0' })).toBe(false)
  })

  it('are refused when the function throws, which is reported', () => {
    const reported: unknown[] = []
    const check = createOriginCheck(
      () => {
        throw new Error('oops')
      },
      (error) => reported.push(error),
    )
    expect(check({ headers: { origin: 'https://x' } })).toBe(false)
    expect(reported).toEqual([new Error('oops')])
  })

  it.each(['https://example.com/', 'https://Example.com', 'https://example.com:443', 'https://'])(
    'cannot be %o, which no browser sends',
    (origin) => {
      expect(() => createOriginCheck([origin], () => {})).toThrow('is no origin')
    },
  )
})
