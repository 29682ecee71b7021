import { describe, expect, it } from 'vitest'
import { setUp } from '../test/support/set-up.ts'
import { createHub } from './index.ts'
import type { Origins, RequestLike } from './index.ts'
import { createPageCheck } from './origins.ts'

const ask = (origins: Origins | undefined, headers: Record<string, string | string[]>): boolean =>
  createPageCheck({ origins, hosts: undefined, reportTrouble() {} })({ headers }) === 'welcome'

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

  it.each<[string, () => unknown]>([
    ['a promise of false', () => Promise.resolve(false)],
    ['a promise of true', () => Promise.resolve(true)],
    ['a promise that rejects', () => Promise.reject(new Error('late'))],
    ['text', () => 'https://x'],
    ['1', () => 1],
    ['undefined', () => undefined],
  ])('are refused when the function gives %s, which is reported', (_, answer) => {
    const { dial, reported, warned } = setUp({ origins: answer as () => boolean })
    for (let page = 0; page < 3; page++)
      expect(dial({ headers: { origin: 'https://x', host: 'x' } }).socket.closedWith?.code).toBe(4403)
    expect(reported).toMatchObject([{ code: 'misuse' }])
    expect(warned).toHaveLength(1)
  })

  it('are trouble of the server when the function throws: the client is to come again', () => {
    const { dial, reported, warned } = setUp({
      origins() {
        throw new Error('oops')
      },
    })
    for (let page = 0; page < 3; page++)
      expect(dial({ headers: { origin: 'https://x', host: 'x' } }).socket.closedWith).toEqual({
        code: 1013,
        reason: '{"after":[1000,10000]}',
      })
    expect(reported).toEqual([new Error('oops')])
    expect(warned).toHaveLength(1)
    expect(dial().socket.closedWith).toBeUndefined()
  })

  it('are those of a page, and nothing that looks like one', () => {
    for (const origin of [
      'http://x@example.com',
      'http://example.com/',
      'http://example.com/evil',
      'foo://example.com',
    ])
      expect(ask(undefined, { origin, host: 'example.com' })).toBe(false)
    expect(ask(undefined, { origin: 'HTTP://EXAMPLE.com', host: 'example.com' })).toBe(true)
  })

  it.each<[string, object]>([
    ['its socket', { socket: { encrypted: true } }],
    ['its proxy', { headers: { 'x-forwarded-proto': 'https,http' } }],
    ['another proxy', { headers: { 'x-forwarded-proto': 'wss' } }],
  ])(
    'of plain http are refused where the connection came by TLS, as %s says',
    (_, { headers, socket }: Partial<RequestLike>) => {
      const check = createPageCheck({ origins: undefined, hosts: undefined, reportTrouble() {} })
      const verdicts = ['http', 'https'].map((scheme) =>
        check({
          headers: { ...headers, origin: `${scheme}://example.com`, host: 'example.com' },
          ...(socket && { socket }),
        }),
      )
      expect(verdicts).toEqual(['origin', 'welcome'])
    },
  )

  it.each<[unknown, string]>([
    ['https://example.com/', "'https://example.com'"],
    ['https://Example.com', "'https://example.com'"],
    ['HTTPS://example.com', "'https://example.com'"],
    ['https://example.com:443', "'https://example.com'"],
    ['https://b\u00fccher.example', "'https://xn--bcher-kva.example'"],
    ['https://', 'is not an origin'],
    ['localhost:5173', "'http://localhost:5173'"],
    ['example.com', "'http://example.com'"],
    ['', 'is not an origin'],
    ['*', 'in place of the list'],
    ['https://*.example.com', 'a function'],
    ['wss://example.com', 'of a page'],
    ['capacitor://localhost/', 'without a path'],
    [/example/, 'is not an origin'],
    [undefined, 'is not an origin'],
  ])('cannot be %o, which no browser sends', (origin, hint) => {
    expect(() => createHub({ origins: [origin as string] })).toThrow(hint)
  })

  it.each<[unknown]>([
    ['https://example.com'],
    [true],
    [/example/],
    [null],
    [new Set(['https://example.com'])],
    [{}],
    [''],
  ])('cannot be given by %o', (origins) => {
    expect(() => createHub({ origins: origins as Origins })).toThrow("origins must be '*'")
  })
})
