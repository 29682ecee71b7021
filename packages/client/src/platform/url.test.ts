import { afterEach, describe, expect, it, vi } from 'vitest'
import { baseUrl, isSameOrigin, resolveUrl } from './url.ts'

afterEach(() => void vi.unstubAllGlobals())

/** As in React Native: no base but one of HTTP, a slash behind everything, and members that throw. */
class NarrowUrl {
  readonly href: string
  constructor(url: string, base?: string) {
    if (base && !base.startsWith('http')) throw new TypeError(`Invalid base URL: ${base}`)
    this.href = `${base ?? ''}${url}/`
  }
  get origin(): string {
    throw new Error('not implemented')
  }
}

const WholeUrl = URL

describe.each([
  ['the whole URL', WholeUrl],
  ['a narrow URL', NarrowUrl],
  ['no URL', undefined],
])('with %s', (_, Class) => {
  it.each([
    ['ws://host', 'ws://host'],
    ['wss://host:8080/path?a=b%20c', 'wss://host:8080/path?a=b%20c'],
    ['WSS://host/ws#part', 'WSS://host/ws'],
    ['ws+unix:/tmp/socket:/ws', 'ws+unix:/tmp/socket:/ws'],
  ])('an absolute URL is left as it is: %s', (source, dialed) => {
    vi.stubGlobal('URL', Class)
    expect(resolveUrl(source, 'ws://localhost')).toBe(dialed)
    expect(resolveUrl({ href: source }, undefined)).toBe(dialed)
  })

  it('no two URLs are of one origin unless that can be told', () => {
    vi.stubGlobal('URL', Class)
    expect(isSameOrigin('ws://a/b', 'ws://a/c')).toBe(Class === WholeUrl)
    expect(isSameOrigin('ws://a', 'ws://b')).toBe(false)
    expect(isSameOrigin('ws://a', undefined)).toBe(false)
  })
})

it('may be one of HTTP, where there is a whole URL', () => {
  expect(resolveUrl('http://host/ws', undefined)).toBe('ws://host/ws')
  expect(resolveUrl('HTTPS://host/ws#a#b', undefined)).toBe('wss://host/ws')
})

it.each([
  'http://[',
  'ws://',
  'ws://a b/',
  'ws://localhost:99999',
  'ftp://host/',
  'localhost:8080',
  'javascript:ws://',
  undefined,
  5,
])('is no URL of a socket: %s', (source) => {
  expect(() => resolveUrl(source as never, 'http://localhost:[')).toThrow('url must be like ws:')
})

describe('a relative URL', () => {
  it('is relative to what the platform says: the base of the document, else the place of a worker', () => {
    expect(baseUrl()).toBeUndefined()
    vi.stubGlobal('location', { href: 'https://worker.test/dir/code.js' })
    expect(resolveUrl('ws', baseUrl())).toBe('wss://worker.test/dir/ws')
    // A blank frame, whose document has the base of the page around it.
    vi.stubGlobal('location', { href: 'about:blank' })
    vi.stubGlobal('document', { baseURI: 'https://page.test/app/' })
    expect(resolveUrl('/ws', baseUrl())).toBe('wss://page.test/ws')
    expect(resolveUrl('ws?x', baseUrl())).toBe('wss://page.test/app/ws?x')
    expect(resolveUrl('//other.test/ws', baseUrl())).toBe('wss://other.test/ws')
  })

  it('is none where there is nothing that it could be relative to', () => {
    expect(() => resolveUrl('/ws', 'about:blank')).toThrow('url must be like ws:')
    expect(() => resolveUrl('/ws', undefined)).toThrow('url must be like ws:')
  })
})
