import { afterEach, describe, expect, it, vi } from 'vitest'
import { createVirtualClock, settleMicrotasks } from '@holdfast/testing'
import { isHoldfastError } from '@holdfast/protocol'
import { setUp as setUpClient } from '../../test/support/set-up.ts'
import { diagnosis } from './diagnosis.ts'
import type { Diagnosis } from './states.ts'
import type { UrlSource } from '../platform/url.ts'
import { askOverHttp, overHttp } from './over-http.ts'

afterEach(() => void vi.unstubAllGlobals())

function setUp(answer: object | Error | Promise<never>, origin?: string) {
  const fetched = vi.fn((_url: string, _how: { readonly signal: AbortSignal }) =>
    answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer),
  )
  vi.stubGlobal('fetch', fetched)
  vi.stubGlobal('location', origin && { href: `${origin}/page`, origin })
  const clock = createVirtualClock()
  const aborter = new AbortController()
  return {
    fetched,
    clock,
    aborter,
    find: (url: string, asked?: UrlSource) =>
      askOverHttp(asked === undefined ? {} : { url: asked })(url, { signal: aborter.signal, clock }),
  }
}

const answer = (status: number, retryAfter?: string): object => ({
  status,
  headers: new Headers(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
})

describe('where it is asked why no socket opens', () => {
  it('is the URL of the socket itself, from a page of the same origin', async () => {
    const { find, fetched } = setUp(answer(403), 'https://test')
    await find('wss://test/ws?ticket=1')
    expect(fetched.mock.calls[0]![0]).toBe('https://test/ws?ticket=1')
    await find('ws://test/ws')
    await find('wss://test:8443/ws')
    await find('wss://test.evil/ws')
    expect(fetched).toHaveBeenCalledOnce()
  })

  it('is nowhere without a page, unless a URL says so', async () => {
    const { find, fetched } = setUp(answer(403))
    expect(await find('wss://test/ws')).toBeUndefined()
    expect(await find('wss://test/ws', 'https://elsewhere/health')).toMatchObject({ cause: { status: 403 } })
    expect(fetched.mock.calls.map(([url]) => url)).toEqual(['https://elsewhere/health'])
  })

  it('may be relative to the page', async () => {
    const { find, fetched } = setUp(answer(403), 'https://test')
    await find('wss://elsewhere/ws', '/health')
    expect(fetched.mock.calls[0]![0]).toBe('https://test/health')
    await find('wss://elsewhere/ws', new URL('https://elsewhere/health'))
    expect(fetched.mock.calls[1]![0]).toBe('https://elsewhere/health')
  })

  it('is a mistake to be told of, where it is relative and there is no page', async () => {
    const { find, fetched } = setUp(answer(403))
    await expect(find('wss://test/ws', '/health')).rejects.toMatchObject({ code: 'misuse' })
    expect(fetched).not.toHaveBeenCalled()
  })

  it('is nowhere if there is nothing to ask with', async () => {
    const { find } = setUp(answer(403), 'https://test')
    vi.stubGlobal('fetch', undefined)
    expect(await find('wss://test/ws')).toBeUndefined()
  })

  it.each(['ftp://localhost', 'mailto:x@y', 'https://localhost:99999', null, 5, {}])(
    'cannot be %j, and overHttp() throws for it at once',
    (url) => {
      expect(() => overHttp({ url: url as string })).toThrow(expect.toSatisfy(isMisuse))
    },
  )

  it('is an option: a URL in place of the options throws', () => {
    expect(() => overHttp('/health' as never)).toThrow(expect.toSatisfy(isMisuse))
    expect(() => overHttp({ healthUrl: '/health' } as never)).toThrow(expect.toSatisfy(isMisuse))
  })

  const isMisuse = (error: unknown): boolean => isHoldfastError(error) && error.code === 'misuse'
})

describe('what the answer tells', () => {
  it.each([
    [401, { cause: { reason: 'unauthorized', status: 401 }, refresh: true }],
    [403, { cause: { reason: 'forbidden', status: 403 }, refresh: false }],
    [429, { cause: { reason: 'rate-limited', status: 429 }, refresh: false }],
    [500, { cause: { reason: 'server-error', status: 500 }, refresh: false }],
    [503, { cause: { reason: 'server-error', status: 503 }, refresh: false }],
    [200, { cause: { reason: 'upgrade-blocked', status: 200 }, refresh: false }],
    [404, { cause: { reason: 'upgrade-blocked', status: 404 }, refresh: false }],
    [426, { cause: { reason: 'upgrade-blocked', status: 426 }, refresh: false }],
    // A redirect that is not followed shows no status.
    [0, { cause: { reason: 'upgrade-blocked' }, refresh: false }],
  ])('%d', async (status, finding) => {
    expect(await setUp(answer(status), 'https://test').find('wss://test/ws')).toEqual(finding)
  })

  it('is in the head of the answer: the body is not read', async () => {
    const { find, fetched } = setUp(answer(200), 'https://test')
    const found = find('wss://test/ws')
    const { signal } = fetched.mock.calls[0]![1]
    expect(signal.aborted).toBe(false)
    await found
    expect(signal.aborted).toBe(true)
  })

  it('is nothing, when there is none', async () => {
    expect(await setUp(new TypeError('failed'), 'https://test').find('wss://test/ws')).toBeUndefined()
  })

  it.each([
    [429, '2', [2_000, 2_500]],
    [503, '120', [120_000, 150_000]],
    [429, '0', [0, 0]],
    [429, '99999999', [3_600_000, 4_500_000]],
    [429, 'soon', undefined],
    [429, '-1', undefined],
    [500, '2', undefined],
    [403, '2', undefined],
  ])('%d with Retry-After: %s is a wish to be left alone for %o', async (status, text, delay) => {
    const { find } = setUp(answer(status, text), 'https://test')
    expect((await find('wss://test/ws'))?.delay).toEqual(delay)
  })

  it('may have a date to come back at', async () => {
    const { find, clock } = setUp(
      {
        status: 429,
        headers: { get: () => new Date(Math.ceil(clockStart / 1_000) * 1_000 + 60_000).toUTCString() },
      },
      'https://test',
    )
    const [min] = (await find('wss://test/ws'))!.delay!
    expect(min).toBeGreaterThanOrEqual(60_000 - (clock.wall() - clockStart))
    expect(min).toBeLessThan(61_001)
  })

  const clockStart = createVirtualClock().wall()
})

describe('a question that nobody answers', () => {
  it.each(['time', 'abort'])('ends by %s, and leaves nothing behind', async (how) => {
    const world = setUp(answer(200), 'https://test')
    world.fetched.mockImplementation(
      (_url, { signal }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new Error('aborted'))),
        ),
    )
    const found = world.find('wss://test/ws')
    expect(world.clock.pending).toBe(1)
    if (how === 'time') await world.clock.advance(5_000)
    else world.aborter.abort()
    expect(await found).toBeUndefined()
    expect(world.clock.pending).toBe(0)
  })
})

describe('a page of the same origin whose socket does not open', () => {
  const failThrice = async (diagnose?: Diagnosis) => {
    const { fetched } = setUp(answer(403), 'http://test')
    const { client, clock, network } = setUpClient({ backoff: () => 100, ...(diagnose && { diagnose }) })
    void client.connect()
    await settleMicrotasks()
    for (let round = 0; round < 3; round++) {
      if (round > 0) await clock.advance(100)
      network.last.end()
    }
    await settleMicrotasks()
    const { cause } = client.state
    await client.dispose()
    return { cause, urls: fetched.mock.calls.map(([url]) => url) }
  }

  it('makes no request over HTTP without the option diagnose', async () => {
    const { cause, urls } = await failThrice()
    expect(urls).toEqual([])
    expect(cause).toMatchObject({ reason: 'unreachable', code: 1006 })
  })

  it('asks the URL of its socket with diagnose: overHttp()', async () => {
    const { cause, urls } = await failThrice(overHttp())
    expect(urls).toEqual(['http://test/socket'])
    expect(cause).toMatchObject({ reason: 'forbidden', status: 403, code: 1006 })
  })

  it('has the cause that a function of its own finds out', async () => {
    const asked: string[] = []
    const { cause, urls } = await failThrice(
      diagnosis((url) => {
        asked.push(url)
        return Promise.resolve({ cause: { reason: 'maintenance' } })
      }),
    )
    expect([asked, urls]).toEqual([['ws://test/socket'], []])
    expect(cause).toMatchObject({ reason: 'maintenance', code: 1006 })
  })
})
