import { describe, expect, it } from 'vitest'
import { keptRequest } from './kept-request.ts'

describe('what is kept of a request', () => {
  it('is where it came from, and no secrets', () => {
    const headers = { host: 'a.com', cookie: 'id=1', authorization: 'Bearer x', 'set-cookie': ['a', 'b'] }
    const socket = { remoteAddress: '203.0.113.1', parser: {} }
    const request = { url: '/ws?a=1', headers, socket, rawHeaders: ['host', 'a.com'] }
    expect(keptRequest(request)).toEqual({
      url: '/ws?a=1',
      headers: { host: 'a.com', 'set-cookie': ['a', 'b'] },
      socket: { remoteAddress: '203.0.113.1' },
    })
  })

  it('is bounded, whatever the client sends', () => {
    const headers: Record<string, string> = {
      __proto__x: 'y',
      'x-large': 'x'.repeat(15_000),
      origin: 'b.com',
    }
    for (let n = 0; n < 100; n++) headers[`x-${n}`] = 'x'.repeat(100)
    const kept = keptRequest({ url: `/ws?${'u'.repeat(15_000)}`, headers })
    expect(kept.url).toHaveLength(1_024)
    expect(JSON.stringify(kept).length).toBeLessThan(4_000)
    expect(kept.headers).toMatchObject({ origin: 'b.com', 'x-0': 'x'.repeat(100) })
  })

  it('may be nothing', () => {
    expect(keptRequest({ headers: {} })).toEqual({ headers: {}, socket: {} })
  })
})
