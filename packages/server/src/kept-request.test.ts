import { describe, expect, it } from 'vitest'
import { keptRequest } from './kept-request.ts'

describe('what is kept of a request', () => {
  it('is where it came from, and neither secrets nor anything else', () => {
    const headers = {
      host: 'a.com',
      origin: 'https://b.com',
      'x-forwarded-for': ['198.51.100.1', '198.51.100.2'],
      'user-agent': 'a browser',
      cookie: 'id=1',
      authorization: 'Bearer x',
    }
    const socket = { remoteAddress: '203.0.113.1', parser: {} }
    const request = { url: '/ws?a=1', headers, socket, rawHeaders: ['host', 'a.com'] }
    expect(keptRequest(request)).toEqual({
      url: '/ws?a=1',
      headers: {
        host: 'a.com',
        origin: 'https://b.com',
        'x-forwarded-for': ['198.51.100.1', '198.51.100.2'],
      },
      socket: { remoteAddress: '203.0.113.1' },
    })
  })

  it('is bounded, whatever the client sends', () => {
    const headers = { 'x-forwarded-for': '1.1.1.1, '.repeat(1_000), origin: 'b.com' }
    const kept = keptRequest({ url: `/ws?${'u'.repeat(15_000)}`, headers })
    expect(kept.url).toHaveLength(1_024)
    expect(kept.headers).toEqual({ origin: 'b.com' })
  })

  it('may be nothing', () => {
    expect(keptRequest({ headers: {} })).toEqual({ headers: {}, socket: {} })
  })
})
