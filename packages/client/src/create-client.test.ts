import { describe, expect, it, vi } from 'vitest'
import { settleMicrotasks } from '@holdfast/testing'
import { codeOf, thrown } from '../test/support/failures.ts'
import { setUp } from '../test/support/set-up.ts'
import { createClient, ping, plain } from './index.ts'
import type { HoldfastError } from './index.ts'

describe('creating a client', () => {
  it('touches nothing', () => {
    const { clock, network } = setUp()
    expect([clock.pending, network.sockets.length]).toEqual([0, 0])
  })

  it.each([
    [{ url: undefined as never }],
    [{ url: 'http://[' }],
    [{ url: 'ftp://example.com' }],
    [{ attemptTimeout: -1 }],
    [{ attemptTimeout: NaN }],
    [{ backoff: { baseDelay: 'soon' as never } }],
    [{ outbox: { maxMessages: -1 } }],
    [{ outbox: { overflow: 'explode' as never } }],
  ])('refuses options that make no sense: %o', (options) => {
    expect(thrown(() => createClient({ url: 'ws://test', ...options })).code).toBe('misuse')
  })

  it('takes an option that is undefined for one that is not given', async () => {
    const none = undefined as never
    const { client, network, open } = setUp({
      backoff: { minDelay: none, baseDelay: none },
      outbox: { maxBytes: none, overflow: none },
      ports: { random: none },
      wire: plain({ heartbeat: ping({ message: 'ping', isReply: () => false, interval: none }) }),
    })
    await open()
    network.last.end()
    expect(client.state.retryAt).toBeGreaterThan(0)
  })

  it('accepts http, https and URL objects', async () => {
    for (const [url, dialed] of [
      ['http://test/a', 'ws://test/a'],
      ['https://test/a#part', 'wss://test/a'],
      [new URL('wss://test/b'), 'wss://test/b'],
    ] as const) {
      const { network, open } = setUp({ url })
      await open()
      expect(network.last.url).toBe(dialed)
    }
  })
})

describe('connect()', () => {
  it('resolves when the connection is open, for everybody who asked, and dials once', async () => {
    const { client, network } = setUp()
    const all = Promise.all([client.connect(), client.connect()])
    await settleMicrotasks()
    expect(client.state).toMatchObject({ status: 'connecting', attempt: 1 })
    network.last.open()
    await all
    await client.connect()
    expect(client.state).toEqual({ status: 'open', attempt: 1, retryAt: undefined, cause: undefined })
    expect(network.sockets).toHaveLength(1)
  })

  it('goes on trying, and resolves in the end', async () => {
    const { client, clock, network } = setUp()
    const connected = client.connect()
    for (let round = 0; round < 5; round++) {
      await settleMicrotasks()
      network.last.end()
      await clock.advance(31_000)
    }
    network.last.open()
    expect(await codeOf(connected)).toBe('resolved')
  })

  it('rejects with the cause when the client gives up', async () => {
    const { client, network } = setUp({ backoff: { maxAttempts: 1 } })
    const connected = client.connect()
    await settleMicrotasks()
    network.last.end(1006)
    const error = (await connected.catch((reason: unknown) => reason)) as HoldfastError
    expect([error.code, error.cause]).toEqual(['connect-failed', { reason: 'unreachable', code: 1006 }])
    expect(client.state).toMatchObject({ status: 'closed', cause: { reason: 'unreachable' } })
  })

  it('rejects when disconnect() or dispose() come first, and when its signal is aborted', async () => {
    const { client } = setUp()
    const first = client.connect()
    void client.disconnect()
    expect(await codeOf(first)).toBe('disconnected')
    const controller = new AbortController()
    const second = client.connect({ signal: controller.signal })
    const third = client.connect()
    controller.abort()
    expect(await codeOf(second)).toBe('aborted')
    expect(client.state.status).toBe('connecting')
    void client.dispose()
    expect(await codeOf(third)).toBe('disposed')
    expect(await codeOf(client.connect())).toBe('disposed')
  })

  it('does not report a rejection that nobody looks at', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const { client } = setUp()
    void client.connect()
    await client.dispose()
    await new Promise((resolve) => setTimeout(resolve, 5))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('throws at once when there is no WebSocket, or no absolute URL to be had', () => {
    const native = globalThis.WebSocket
    vi.stubGlobal('WebSocket', undefined)
    expect(thrown(() => createClient({ url: 'ws://test' }).connect()).code).toBe('no-websocket')
    vi.stubGlobal('WebSocket', native)
    expect(thrown(() => createClient({ url: '/socket' }).connect()).code).toBe('misuse')
    vi.unstubAllGlobals()
  })

  it('does not dial for a signal that is aborted already, or for a client that is disposed', async () => {
    const { client, network } = setUp()
    expect(await codeOf(client.connect({ signal: AbortSignal.abort() }))).toBe('aborted')
    expect(client.state.status).toBe('idle')
    await client.dispose()
    void client.connect()
    await settleMicrotasks()
    expect([network.sockets.length, client.state.status]).toEqual([0, 'closed'])
  })

  it('resolves a relative URL against the page', async () => {
    vi.stubGlobal('location', { href: 'https://example.com/app/' })
    const { network, open } = setUp({ url: '../socket' })
    await open()
    expect(network.last.url).toBe('wss://example.com/socket')
    vi.unstubAllGlobals()
  })

  it('may be called in a listener that hears of the end, and then means the next connection', async () => {
    const { client, clock, network, open } = setUp()
    await open()
    let again: Promise<unknown> | undefined
    client.watch('closed', () => (again = codeOf(client.connect())))
    network.last.end(4403)
    await clock.advance(100)
    network.last.open()
    expect(await again).toBe('resolved')
  })
})

describe('a client that gave up', () => {
  it('settles what waits and what comes, and starts afresh with connect()', async () => {
    const { client, clock, network, open } = setUp()
    await open()
    network.last.close()
    const waiting = client.send('a', {})
    network.last.end(4404)
    const late = client.send('b', {})
    const closed = { status: 'undelivered', reason: 'closed' }
    expect([waiting.outcome, late.outcome]).toEqual([closed, closed])
    const next = client.reconnect()
    expect(client.send('c', {}).outcome).toBeUndefined()
    await clock.advance(100)
    network.last.open()
    await next
    expect(network.last.sent).toEqual(['{"type":"c"}'])
  })
})
