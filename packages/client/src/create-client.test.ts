import { runInNewContext } from 'node:vm'
import { describe, expect, it, vi } from 'vitest'
import { createRandom, settleMicrotasks } from '@holdfast/testing'
import { setUp } from '../test/support/set-up.ts'
import { correlated, createClient, events, isHoldfastError, ping, plain, schemas } from './index.ts'
import type { BackoffContext, Client, ClientState, HoldfastError, StandardSchema } from './index.ts'

const codeOf = (promise: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(promise).then(
    () => 'resolved',
    (error: unknown) => (isHoldfastError(error) ? error.code : error),
  )
const thrown = (run: () => unknown): HoldfastError => {
  try {
    run()
  } catch (error) {
    if (isHoldfastError(error)) return error
    throw error
  }
  return expect.fail('did not throw')
}

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

describe('backoff', () => {
  const delayOf = async (backoff: () => number): Promise<number> => {
    const { client, clock, network, open } = setUp({ backoff })
    await open()
    network.last.end(1013)
    return client.state.retryAt! - clock.wall()
  }

  it('may be a function, which cannot go below what the server asked for', async () => {
    expect(await delayOf(() => 12_345)).toBe(12_345)
    expect(await delayOf(() => 5)).toBe(10_000)
  })

  it('that throws or makes no sense is replaced by the default', async () => {
    const thrower = (): number => {
      throw new Error('mine')
    }
    for (const backoff of [thrower, () => NaN, () => -1, () => undefined as never])
      expect(await delayOf(backoff)).toBe(20_000)
    const { network, reported, open } = setUp({ backoff: thrower })
    await open()
    network.last.end()
    expect(reported).toEqual([new Error('mine')])
  })

  it('that is asynchronous is replaced by the default, and its rejection is reported', async () => {
    const late = async (): Promise<number> => Promise.reject(new Error('late'))
    expect(await delayOf(late as never)).toBe(20_000)
    const { network, reported, open } = setUp({ backoff: late as never })
    await open()
    network.last.end()
    await settleMicrotasks()
    expect(reported).toEqual([new Error('late')])
  })

  it('is told how many attempts have failed, and why', async () => {
    const backoff = vi.fn(() => 100)
    const { network, clock, open } = setUp({ backoff })
    await open()
    await clock.advance(6_000)
    network.last.end()
    await clock.advance(100)
    network.last.end()
    expect(backoff.mock.calls).toEqual([
      [{ failures: 0, cause: { reason: 'lost', code: 1006 }, random: 0.5, isHidden: false }],
      [{ failures: 1, cause: { reason: 'unreachable', code: 1006 }, random: 0.5, isHidden: false }],
    ])
  })
})

describe('a path that keeps breaking', () => {
  /** Which part of ten minutes a client is connected whose path is cut at each multiple of so many milliseconds. */
  const shareOf = async (every: number, options = {}): Promise<number> => {
    const random = createRandom(1)
    const { client, clock, network } = setUp({ ...options, ports: { random } })
    let connected = 0
    void client.connect()
    await settleMicrotasks()
    for (let now = 0; now < 600_000; now += 50) {
      if (network.last.readyState === 0) network.last.open()
      if (now % every === 0 && network.last.readyState === 1) network.last.end()
      if (client.state.status === 'open') connected += 50
      await clock.advance(50)
    }
    await client.dispose()
    return connected / 600_000
  }

  it.each([
    [1_000, 0.18],
    [2_000, 0.7],
    [4_000, 0.82],
    [8_000, 0.92],
  ])(
    'every %d ms leaves the client connected for a share of %d of the time at least',
    async (every, share) => {
      expect(await shareOf(every)).toBeGreaterThan(share)
    },
  )

  it('is healed as fast with a backoff of the application that grows with the failures', async () => {
    const backoff = ({ failures, random }: BackoffContext): number => random * 1_000 * 2 ** failures
    expect(await shareOf(4_000, { backoff })).toBeGreaterThan(0.8)
  })
})

describe('an application that dials whenever it hears of an end', () => {
  /** How many dials there are in ten seconds, to a server that closes every connection at once. */
  const dialsOf = async (how: (client: Client) => void, code?: number): Promise<number> => {
    const { client, clock, network } = setUp()
    how(client)
    void client.connect()
    for (let now = 0; now < 10_000; now += 10) {
      await settleMicrotasks()
      if (network.last.readyState === 0) network.last.open()
      network.last.end(code)
      await clock.advance(10)
    }
    await client.dispose()
    return network.sockets.length
  }

  it.each<[string, (client: Client) => void, number?]>([
    ['reconnect() in down', (client) => void client.watch('down', () => void client.reconnect())],
    ['connect() in down', (client) => void client.watch('down', () => void client.connect())],
    ['connect() in closed', (client) => void client.watch('closed', () => void client.connect()), 4403],
    ['reconnect() in closed', (client) => void client.watch('closed', () => void client.reconnect()), 4403],
    [
      'disconnect() and connect() in down',
      (client) =>
        void client.watch('down', () => {
          void client.disconnect()
          void client.connect()
        }),
    ],
    [
      'disconnect() in down, and connect() once that is done',
      (client) => void client.watch('down', () => void client.disconnect().then(() => void client.connect())),
    ],
    ['reconnect() at every change', (client) => void client.subscribe(() => void client.reconnect())],
  ])('does not dial faster than minDelay: %s', async (_, how, code) => {
    const dials = await dialsOf(how, code)
    expect(dials).toBeGreaterThan(50)
    expect(dials).toBeLessThanOrEqual(101)
  })

  it('does not ask for tokens faster than that either, when they cannot be had', async () => {
    const token = vi.fn(() => Promise.reject(new Error('no')))
    const { client, clock } = setUp({ token })
    client.subscribe(() => void client.reconnect())
    void client.connect()
    await clock.advance(10_000)
    expect(token.mock.calls.length).toBeLessThanOrEqual(101)
    await client.dispose()
  })

  it('waits no longer than maxDelay for what it asks for, however long the shortest delay is', async () => {
    const { client, clock, network, open } = setUp({ backoff: { minDelay: Infinity, maxDelay: 2_000 } })
    await open()
    network.last.end()
    expect(client.state.retryAt).toBe(Infinity)
    void client.reconnect()
    await clock.advance(2_000)
    expect(network.sockets).toHaveLength(2)
  })

  it('is served at once when the connection was stable, and the first time', async () => {
    const { client, clock, network, open } = setUp()
    await open()
    expect(network.sockets).toHaveLength(1)
    await clock.advance(5_000)
    void client.reconnect()
    await settleMicrotasks()
    expect(network.sockets).toHaveLength(2)
  })

  it('hears of the replaced connection, and of the moment of the next one, when that has to wait', async () => {
    const { client, clock, open } = setUp()
    const down = vi.fn()
    client.watch('down', down)
    await open()
    await clock.advance(40)
    void client.reconnect()
    expect(down.mock.calls).toEqual([[{ reason: 'reconnect' }]])
    expect(client.state).toMatchObject({ status: 'waiting', cause: { reason: 'reconnect' } })
    expect(client.state.retryAt! - clock.wall()).toBe(60)
  })
})

describe('url and token', () => {
  it('are asked for before every attempt, the token first', async () => {
    const token = vi.fn(({ reason }: { reason: string }) => Promise.resolve(`for ${reason}`))
    const url = vi.fn(
      ({ attempt, token: given }) => `ws://test/${attempt}?token=${encodeURIComponent(given)}`,
    )
    const { network, clock, open } = setUp({ url, token })
    await open()
    expect(network.last.url).toBe('ws://test/1?token=for%20connect')
    network.last.end()
    await clock.advance(2_000)
    expect(network.last.url).toBe('ws://test/2?token=for%20reconnect')
    network.last.open()
    network.last.end(4401)
    await clock.advance(3_500)
    expect(network.last.url).toBe('ws://test/3?token=for%20unauthorized')
    network.last.open()
    network.last.end(4401)
    expect(token).toHaveBeenCalledTimes(3)
  })

  it('that fail are asked again', async () => {
    const token = vi.fn().mockRejectedValueOnce(new Error('down')).mockResolvedValue('t')
    const url = vi.fn().mockImplementationOnce(() => {
      throw new Error('not yet')
    })
    url.mockReturnValue('ws://test')
    const { client, network, clock } = setUp({ token, url })
    void client.connect()
    await settleMicrotasks()
    expect(client.state).toMatchObject({
      status: 'waiting',
      cause: { reason: 'token', error: new Error('down') },
    })
    await clock.advance(600)
    expect(client.state).toMatchObject({ status: 'waiting', cause: { reason: 'url' } })
    await clock.advance(3_000)
    expect(network.sockets).toHaveLength(1)
  })

  it('a token is asked for again whatever the failure was, an error of another client included', async () => {
    const other = createClient({ url: 'ws://other' })
    await other.dispose()
    const { client } = setUp({ token: () => other.connect().then(() => 'token') })
    void client.connect()
    await settleMicrotasks()
    expect(client.state).toMatchObject({
      status: 'waiting',
      cause: { reason: 'token', error: { code: 'disposed' } },
    })
  })

  it('a URL that can never work is fatal', async () => {
    const { client } = setUp({ url: () => 'nonsense:' })
    expect(await codeOf(client.connect())).toBe('connect-failed')
    expect(client.state.cause).toMatchObject({ reason: 'url', error: { code: 'misuse' } })
  })

  it('a token is asked for once, however many triggers there are', async () => {
    const token = vi.fn(() => new Promise<string>(() => {}))
    const { client, signal } = setUp({ token })
    for (let round = 0; round < 10; round++) {
      void client.connect()
      void client.reconnect()
      signal('change')
    }
    await settleMicrotasks()
    expect(token).toHaveBeenCalledTimes(1)
  })

  describe('a token that takes its time', () => {
    const setUpSlowly = () => {
      const answers: ((token: string) => void)[] = []
      const token = (): Promise<string> => new Promise((resolve) => answers.push(resolve))
      const wire = plain({ greet: ({ token: given }) => `token ${given}` })
      return { answers, ...setUp({ token, wire }) }
    }

    it('is waited for by the next attempt, and not asked for again', async () => {
      const { answers, client, network, clock } = setUpSlowly()
      void client.connect()
      await clock.advance(12_000)
      expect(client.state).toMatchObject({ status: 'connecting', attempt: 2 })
      answers[0]!('slow')
      await settleMicrotasks()
      network.last.open()
      expect([answers.length, network.last.sent]).toEqual([1, ['token slow']])
      network.last.end()
      await clock.advance(5_000)
      expect(answers).toHaveLength(2)
    })

    it('is asked for again after a minute, and not used if it comes after all', async () => {
      const { answers, client, network, clock } = setUpSlowly()
      void client.connect()
      await clock.advance(100_000)
      expect(answers).toHaveLength(2)
      answers[1]!('new')
      await settleMicrotasks()
      answers[0]!('old')
      await settleMicrotasks()
      network.last.open()
      expect(network.last.sent).toEqual(['token new'])
    })
  })

  it('subprotocols may be asked for before every attempt, after the token and the URL', async () => {
    const asked: string[] = []
    const { network, clock, client } = setUp({
      token: () => (asked.push('token'), 'secret'),
      url: () => (asked.push('url'), 'ws://test'),
      protocols({ attempt, token }) {
        asked.push('protocols')
        if (attempt === 1) return Promise.reject(new Error('not yet'))
        return Promise.resolve(attempt === 2 ? `v${attempt}.${token}` : ['a', 'b'])
      },
    })
    void client.connect()
    await settleMicrotasks()
    expect(asked).toEqual(['token', 'url', 'protocols'])
    expect(client.state).toMatchObject({ status: 'waiting', cause: { reason: 'protocols' } })
    await clock.advance(5_000)
    expect(network.last.protocols).toEqual(['v2.secret'])
    network.last.end()
    await clock.advance(5_000)
    expect(network.last.protocols).toEqual(['a', 'b'])
  })

  it('subprotocols that are none are fatal', async () => {
    const { client } = setUp({ protocols: () => undefined as never })
    expect(await codeOf(client.connect())).toBe('connect-failed')
    expect(client.state).toMatchObject({ status: 'closed', cause: { reason: 'protocols' } })
  })

  it('the subprotocol that the server chose shows in the state while it is open', async () => {
    const { client, network } = setUp({ protocols: ['a', 'b'] })
    void client.connect()
    await settleMicrotasks()
    expect(client.state.protocol).toBeUndefined()
    network.last.opened('b')
    expect(client.state.protocol).toBe('b')
    network.last.end()
    expect(client.state.protocol).toBeUndefined()
  })

  it('subprotocols are offered', async () => {
    const { network, open } = setUp({ protocols: ['a', 'b'] })
    await open()
    expect(network.last.protocols).toEqual(['a', 'b'])
  })
})

describe('events', () => {
  it('are routed by name to every handler, with the whole object', async () => {
    const { client, network, open } = setUp()
    const heard: unknown[] = []
    client.on('chat', (data) => heard.push(['first', data]))
    client.on('chat', (data) => heard.push(['second', data]))
    client.onAny((name, data) => heard.push([name, data]))
    await open()
    network.last.message('{"type":"chat","message":"hi"}')
    const data = { type: 'chat', message: 'hi' }
    expect(heard).toEqual([
      ['first', data],
      ['second', data],
      ['chat', data],
    ])
  })

  it('have any name at all', async () => {
    const { client, network, open } = setUp()
    const heard: string[] = []
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '*', '', 'open', 'state']
    for (const name of names) client.on(name, () => heard.push(name))
    client.watch('open', () => heard.push('lifecycle'))
    await open()
    heard.length = 0
    for (const type of names) network.last.message(JSON.stringify({ type }))
    expect(heard).toEqual(names)
  })

  it('reach a handler until it is removed, and only that', async () => {
    const { client, network, open } = setUp()
    const [kept, removed, once] = [vi.fn(), vi.fn(), vi.fn()]
    client.on('x', kept)
    const off = client.on('x', removed)
    client.on('x', removed)
    client.once('x', once)
    await open()
    off()
    off()
    network.last.message('{"type":"x"}')
    client.off('x', removed)
    client.off('x', () => {})
    network.last.message('{"type":"x"}')
    expect([kept, removed, once].map((handler) => handler.mock.calls.length)).toEqual([2, 1, 1])
    const gone = vi.fn()
    client.once('y', gone)
    client.off('y', gone)
    network.last.message('{"type":"y"}')
    expect(gone).not.toHaveBeenCalled()
  })

  it('go on to the other handlers when one throws, which is reported once', async () => {
    const { client, network, reported, open } = setUp()
    const heard = vi.fn()
    client.on('x', () => {
      throw new Error('mine')
    })
    client.on('x', heard)
    await open()
    network.last.message('{"type":"x"}')
    network.last.message('{"type":"x"}')
    expect(heard).toHaveBeenCalledTimes(2)
    expect(reported).toEqual([new Error('mine'), new Error('mine')])
  })

  it('go to the handlers that were there when they came', async () => {
    const { client, network, open } = setUp()
    const late = vi.fn()
    const off = client.on('x', () => {
      client.on('x', late)
      off()
    })
    await open()
    network.last.message('{"type":"x"}')
    expect(late).not.toHaveBeenCalled()
    network.last.message('{"type":"x"}')
    expect(late).toHaveBeenCalledOnce()
  })

  it('do not reach a handler that an earlier one has removed, or anybody after dispose()', async () => {
    const { client, network, open } = setUp()
    const heard = vi.fn()
    client.on('x', () => off())
    const off: () => void = client.on('x', heard)
    client.on('y', () => void client.dispose())
    client.on('y', heard)
    await open()
    network.last.message('{"type":"x"}')
    network.last.message('{"type":"y"}')
    expect(heard).not.toHaveBeenCalled()
  })

  it('reach a handler that was added again, whatever becomes of its first registration', async () => {
    const { client, network, open } = setUp()
    const heard = vi.fn()
    const first = client.on('x', heard)
    client.off('x', heard)
    client.on('x', heard)
    first()
    await open()
    network.last.message('{"type":"x"}')
    expect(heard).toHaveBeenCalledOnce()
  })

  it('reach the other handlers when one removes itself', async () => {
    const { client, network, open } = setUp()
    const heard = vi.fn()
    const off: () => void = client.on('x', () => off())
    client.on('x', heard)
    await open()
    network.last.message('{"type":"x"}')
    expect(heard).toHaveBeenCalledOnce()
  })

  it('that nobody listens to, or nobody any more, are told to `unhandled` and counted', async () => {
    const { client, network, open } = setUp()
    const unhandled: unknown[] = []
    client.watch('unhandled', (message) => unhandled.push(message))
    client.on('x', () => {})()
    await open()
    network.last.message('{"type":"x"}')
    expect(unhandled).toEqual([{ name: 'x', data: { type: 'x' } }])
    expect(client.stats()).toMatchObject({
      unhandled: 1,
      invalid: 0,
      receivedMessages: 1,
      receivedBytes: 12,
    })
    client.onAny(() => {})
    network.last.message('{"type":"x"}')
    expect(client.stats().unhandled, 'onAny listens to all').toBe(1)
  })

  it('a handler must be a function', () => {
    expect(thrown(() => setUp().client.on('x', 'handler' as never)).code).toBe('misuse')
  })
})

describe('frames that are not events', () => {
  it('reach onRaw, as text or as bytes', async () => {
    const { client, network, open } = setUp()
    const heard: unknown[] = []
    client.onRaw((data) => heard.push(data))
    await open()
    const frames = ['hello', '[1]', '{"message":"no name"}', '{"type":7}', '{"type":']
    for (const frame of frames) network.last.message(frame)
    network.last.message(new Uint8Array([1, 2]).buffer)
    expect(heard).toEqual([...frames, new Uint8Array([1, 2])])
  })

  it('are told to `unhandled` when nobody takes them, and the connection stays', async () => {
    const { client, network, open } = setUp()
    const unhandled: unknown[] = []
    client.watch('unhandled', (message) => unhandled.push(message))
    await open()
    network.last.message('{"type":')
    expect(unhandled).toEqual([{ name: undefined, data: '{"type":' }])
    expect(client.stats()).toMatchObject({ unhandled: 1, invalid: 0 })
    expect(client.state.status).toBe('open')
  })

  it('reach onRaw as bytes, in whatever form a socket brings bytes', async () => {
    const { client, network, open } = setUp()
    const raw = vi.fn()
    client.onRaw(raw)
    await open()
    const bytes = new Uint8Array([0, 1, 2, 3])
    for (const data of [bytes.buffer, bytes, Buffer.from(bytes), new DataView(bytes.buffer, 1, 2)])
      network.last.onmessage?.({ data } as never)
    const parts = raw.mock.calls.map(([part]) => [...(part as Uint8Array)])
    expect(parts).toEqual([
      [0, 1, 2, 3],
      [0, 1, 2, 3],
      [0, 1, 2, 3],
      [1, 2],
    ])
  })

  it.each([new Blob(['x']), undefined, null, 5, {}, [new Uint8Array(1)]])(
    'are reported when a socket brings neither text nor bytes, and the connection stays: %o',
    async (data) => {
      const { client, network, open } = setUp()
      const [raw, invalid] = [vi.fn(), vi.fn()]
      client.onRaw(raw)
      client.watch('invalid', invalid)
      await open()
      network.last.onmessage?.({ data } as never)
      expect(invalid.mock.calls).toEqual([[{ reason: 'undecodable', data }]])
      expect(raw).not.toHaveBeenCalled()
      expect(client.state.status).toBe('open')
    },
  )

  it('are not even parsed when they are too large', async () => {
    const { client, network, open } = setUp({ wire: plain({ maxPayloadBytes: 20 }) })
    const [invalid, heard] = [vi.fn(), vi.fn()]
    client.watch('invalid', invalid)
    client.onAny(heard)
    await open()
    network.last.message('{"type":"x","y":"äöü"}')
    expect(invalid).toHaveBeenCalledWith({ reason: 'too-large', data: '{"type":"x","y":"äöü"}' })
    expect(heard).not.toHaveBeenCalled()
    expect(client.state.status).toBe('open')
  })
})

describe('send()', () => {
  it('queues until the connection is open, then writes in order, before anybody hears that it is open', async () => {
    const { client, network, sent, open } = setUp()
    const first = client.send('a', { n: 1 })
    client.watch('open', () => client.send('c', { n: 3 }))
    client.send('b', { n: 2 })
    expect(client.stats()).toMatchObject({ queuedMessages: 2, queuedBytes: 36 })
    await open()
    expect(sent()).toEqual([
      { type: 'a', n: 1 },
      { type: 'b', n: 2 },
      { type: 'c', n: 3 },
    ])
    expect(await first).toEqual({ status: 'sent' })
    expect(client.stats()).toMatchObject({
      queuedMessages: 0,
      queuedBytes: 0,
      sentMessages: 3,
      sentBytes: 54,
    })
    expect(network.sockets).toHaveLength(1)
  })

  it('sends what the data was at the time of the call', async () => {
    const { client, network, sent, open } = setUp()
    const data = { n: 1 }
    const bytes = new Uint8Array([1])
    client.send('a', data)
    client.sendRaw(bytes)
    data.n = bytes[0] = 2
    await open()
    expect(network.last.sent[1]).toEqual(new Uint8Array([1]))
    network.last.sent.length = 1
    expect(sent()).toEqual([{ type: 'a', n: 1 }])
  })

  it('throws for misuse, and nothing is sent', async () => {
    const { client, network, open } = setUp()
    await open()
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    const wrong: (() => unknown)[] = [
      () => client.send(7 as never, {} as never),
      () => client.send('x', cycle),
      () => client.send('x', { big: 1n }),
      () => client.send('x', 'text'),
      () => client.send('x', () => {}),
      () => client.send('x', { type: 'y' }),
      () => client.send('x', {}, { ttl: -1 }),
      () => client.send('x', {}, { ttl: NaN }),
      () => client.request('x', {}, { timeout: NaN }),
      () => client.sendRaw({} as never),
      () => client.sendRaw(undefined as never),
      () => client.sendRaw('lone \ud800 surrogate'),
      () => client.request('x', {}),
    ]
    for (const call of wrong) expect(thrown(call).code).toBe('misuse')
    expect(thrown(() => client.send('x', cycle)).cause).toBeInstanceOf(TypeError)
    expect(network.last.sent).toEqual([])
    expect(client.state.status).toBe('open')
  })

  it('does not write to a socket that is closing, which would drop it silently', async () => {
    const { client, clock, network, open } = setUp()
    await open()
    const dying = network.last
    dying.close()
    const delivery = client.send('x', {})
    expect(delivery.outcome).toBeUndefined()
    dying.end()
    await clock.advance(2_000)
    network.last.open()
    expect(delivery.outcome).toEqual({ status: 'sent' })
    expect(network.last.sent).toEqual(['{"type":"x"}'])
  })

  it('neither loses nor repeats a message when the socket throws', async () => {
    const { client, clock, network, open } = setUp()
    for (const n of [1, 2, 3]) client.send('x', { n })
    void client.connect()
    await settleMicrotasks()
    network.last.failures = 1
    network.last.open()
    expect(client.state).toMatchObject({ status: 'waiting', cause: { reason: 'send-failed' } })
    client.send('x', { n: 4 })
    await clock.advance(5_000)
    network.last.open()
    expect(network.sockets[0]!.sent).toEqual([])
    expect(network.last.sent).toEqual([1, 2, 3, 4].map((n) => `{"type":"x","n":${n}}`))
    void open
  })

  it('takes bytes of another page, and a part of a buffer', async () => {
    const { client, network, open } = setUp()
    await open()
    client.sendRaw(runInNewContext('new Uint8Array([1, 2]).buffer') as ArrayBuffer)
    client.sendRaw(new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2))
    expect(network.last.sent).toEqual([new Uint8Array([1, 2]), new Uint8Array([2, 3])])
  })

  it('is heard of by listeners for which the state is open', async () => {
    const { client, open } = setUp()
    const states: string[] = []
    client.watch('settled', () => states.push(client.state.status))
    client.send('x', {})
    await open()
    expect(states).toEqual(['open'])
  })

  it('reports the outcome of every message to listeners', () => {
    const { client } = setUp({ outbox: { maxMessages: 1 } })
    const settled: unknown[] = []
    client.watch('settled', (message) => settled.push(message))
    client.send('a', {})
    client.send('b', {})
    client.sendRaw('c')
    void client.dispose()
    const lost = (name: string | undefined, reason: string): object => ({
      name,
      outcome: { status: 'undelivered', reason },
    })
    expect(settled).toEqual([lost('b', 'overflow'), lost(undefined, 'overflow'), lost('a', 'disposed')])
  })

  it('orThrow() rejects for a message that did not go', async () => {
    const { client, open } = setUp()
    const error = (await client
      .send('x', {}, { volatile: true })
      .orThrow()
      .catch((reason: unknown) => reason)) as HoldfastError
    expect([error.code, error.outcome]).toEqual([
      'undelivered',
      { status: 'undelivered', reason: 'volatile' },
    ])
    await open()
    expect(await client.send('x', {}).orThrow()).toEqual({ status: 'sent' })
  })
})

describe('disconnect()', () => {
  it('closes cleanly, keeps the queue and the handlers, and resolves when the socket has closed', async () => {
    const { client, clock, network, open } = setUp()
    const heard = vi.fn()
    client.on('x', heard)
    await open()
    let closed = false
    void client.disconnect().then(() => (closed = true))
    expect(client.state).toMatchObject({ status: 'closing', cause: { reason: 'disconnect' } })
    expect(network.last.closes).toEqual([[1000]])
    const kept = client.send('later', {})
    await settleMicrotasks()
    expect(closed).toBe(false)
    network.last.end(1000)
    await settleMicrotasks()
    expect(closed).toBe(true)
    expect(client.state.status).toBe('closed')
    await clock.advance(100)
    await open()
    expect(kept.outcome).toEqual({ status: 'sent' })
    network.last.message('{"type":"x"}')
    expect(heard).toHaveBeenCalledOnce()
  })

  it('writes the whole queue first, however slow the machine is', async () => {
    const { client, clock, network } = setUp()
    const queued = Array.from({ length: 100 }, (_, index) => client.send('x', { index }))
    client.watch('open', () => void client.disconnect())
    void client.connect()
    await settleMicrotasks()
    const socket = network.last
    const send = socket.send.bind(socket)
    socket.send = (data) => {
      clock.stall(20)
      send(data)
    }
    socket.open()
    expect(queued.map(({ outcome }) => outcome)).toEqual(queued.map(() => ({ status: 'sent' })))
    expect(client.state.status).toBe('closing')
  })

  it('waits two seconds for a peer that does not answer, and no longer', async () => {
    const { client, clock, open } = setUp()
    await open()
    const closed = codeOf(client.disconnect())
    await clock.advance(2_000)
    expect(await closed).toBe('resolved')
    expect(client.state.status).toBe('closed')
    expect(clock.pending).toBe(0)
  })

  it('discards the queue when asked to', async () => {
    const { client } = setUp()
    const delivery = client.send('x', {})
    await client.disconnect({ queue: 'discard' })
    expect(delivery.outcome).toEqual({ status: 'undelivered', reason: 'closed' })
  })

  it('keeps the queue unless it is asked to discard it', async () => {
    const { client } = setUp()
    const delivery = client.send('x', {})
    for (const queue of ['keep', 'drop'] as never[]) await client.disconnect({ queue })
    expect(delivery.outcome).toBeUndefined()
  })

  it('closes with a code and a reason, and tells them as the cause', async () => {
    const { client, network, open } = setUp()
    const closed = vi.fn()
    client.watch('closed', closed)
    await open()
    void client.disconnect({ code: 4_100, reason: 'bye…' })
    expect(network.last.closes).toEqual([[4_100, 'bye…']])
    network.last.end(4_100, 'bye…')
    expect(closed).toHaveBeenCalledWith({ reason: 'disconnect', code: 4_100, text: 'bye…' })
  })

  it.each([
    { code: 1_001 },
    { code: 2_999 },
    { code: 5_000 },
    { code: 4_000.5 },
    { code: NaN },
    { code: '4000' as never },
    { reason: 5 as never },
    { reason: 'é'.repeat(62) },
    { reason: '\ud800' },
  ])('refuses what pages cannot close with: %o', async (how) => {
    const { client, open } = setUp()
    await open()
    expect(thrown(() => void client.disconnect(how)).code).toBe('misuse')
    expect(client.state.status).toBe('open')
    expect(thrown(() => void client.disconnect({ code: 3_000, ...how })).code).toBe('misuse')
  })

  it('hears nothing more', async () => {
    const { client, network, open } = setUp()
    const heard = vi.fn()
    client.on('x', heard)
    await open()
    void client.disconnect()
    network.last.message('{"type":"x"}')
    expect(heard).not.toHaveBeenCalled()
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

describe('dispose()', () => {
  it('settles everything and leaves nothing behind', async () => {
    const wire = plain({ requests: correlated(), heartbeat: ping({ message: 'ping', isReply: () => false }) })
    const { client, clock, network, open } = setUp({ wire })
    await open()
    const values = events(client, 'x')
    const next = values.next()
    const request = codeOf(client.request('get', {}))
    network.last.bufferedAmount = 2_000_000
    const delivery = client.send('y', {}, { ttl: 5_000, key: 'k' })
    const drained = codeOf(client.drained())
    const [heard, closed] = [vi.fn(), vi.fn()]
    client.on('x', heard)
    client.watch('closed', closed)
    await client.dispose()
    await client.dispose()
    expect(delivery.outcome).toEqual({ status: 'undelivered', reason: 'disposed' })
    expect(await request).toBe('disposed')
    expect(await drained).toBe('disposed')
    expect(await next).toEqual({ done: true, value: undefined })
    expect(closed).toHaveBeenCalledOnce()
    expect(clock.pending).toBe(0)
    expect(network.live).toEqual([])
    network.last.message('{"type":"x"}')
    expect(heard).not.toHaveBeenCalled()
    expect(client.send('z', {}).outcome).toEqual({ status: 'undelivered', reason: 'disposed' })
    expect(client.state).toMatchObject({ status: 'closed', cause: { reason: 'dispose' } })
  })

  it('ends what waits for events, whether it is called in a listener or when all is closed already', async () => {
    const first = setUp()
    const ended = events(first.client, 'x').next()
    first.client.watch('open', () => void first.client.dispose())
    await first.open()
    expect(await ended).toEqual({ done: true, value: undefined })
    const second = setUp()
    await second.client.disconnect()
    const waiting = events(second.client, 'x').next()
    await second.client.dispose()
    expect(await waiting).toEqual({ done: true, value: undefined })
  })

  it('is told once as `closed`, with its reason, also when the client is closed already', async () => {
    const { client, network, open } = setUp()
    const reasons: string[] = []
    client.watch('closed', ({ reason }) => {
      reasons.push(reason)
      void client.dispose()
    })
    await open()
    const waiting = events(client, 'x').next()
    network.last.end(4403)
    await client.dispose()
    expect(reasons).toEqual(['forbidden', 'dispose'])
    expect(client.state).toMatchObject({ status: 'closed', cause: { reason: 'dispose' } })
    expect(await waiting).toEqual({ done: true, value: undefined })
  })

  it('may be called in any listener', async () => {
    for (const kind of ['open', 'down', 'closed', 'settled', 'invalid', 'event', 'raw', 'state'] as const) {
      const { client, clock, network, reported, open } = setUp()
      const dispose = (): void => void client.dispose()
      if (kind === 'event') client.on('x', dispose)
      else if (kind === 'raw') client.onRaw(dispose)
      else if (kind === 'state') client.subscribe(dispose)
      else client.watch(kind, dispose)
      await open().catch(() => {})
      client.send('x', {})
      if (network.sockets.length > 0) {
        network.last.message('{"type":"x"}')
        network.last.message('text')
        network.last.end(4403)
      }
      await clock.advance(0)
      expect([kind, clock.pending, network.live.length]).toEqual([kind, 0, 0])
      expect([kind, client.state.status]).toEqual([kind, 'closed'])
      expect(reported).toEqual([])
    }
  })

  it('is what `await using` does', async () => {
    const { client } = setUp()
    {
      await using used = client
      void used
    }
    expect(await codeOf(client.connect())).toBe('disposed')
  })
})

describe('state', () => {
  it('is the same object until it changes, and listeners hear only of changes', async () => {
    const { client, clock, network, open, signal } = setUp({
      wire: plain({
        heartbeat: ping({
          message: 'ping',
          isReply: (frame) => frame.data === 'pong',
          interval: 1_000,
          timeout: 500,
        }),
      }),
    })
    const states: ClientState[] = []
    const off = client.subscribe(() => states.push(client.state))
    const opens = vi.fn()
    client.watch('open', opens)
    await open()
    const opened = client.state
    await clock.advance(1_000)
    network.last.message('pong')
    expect(client.state).toBe(opened)
    expect(opens).toHaveBeenCalledOnce()
    network.last.end()
    expect(client.state).toMatchObject({
      status: 'waiting',
      attempt: 1,
      cause: { reason: 'lost', code: 1006 },
    })
    expect(client.state.retryAt).toBeGreaterThan(clock.wall())
    signal('wake')
    off()
    await clock.advance(5_000)
    expect(states.map((state) => state.status)).toEqual(['connecting', 'open', 'waiting'])
  })

  it('tells what ended a connection, and what is wrong while there is none', async () => {
    const { client, clock, network, open } = setUp()
    const heard: unknown[] = []
    client.watch('open', ({ attempt }) => heard.push(attempt))
    client.watch('down', (cause) => heard.push(cause))
    await open()
    network.last.end(1012, 'deploy')
    await clock.advance(8_000)
    expect(client.state).toMatchObject({ status: 'connecting', attempt: 2, cause: { reason: 'restart' } })
    network.last.end()
    expect(client.state).toMatchObject({ status: 'waiting', cause: { reason: 'unreachable' } })
    await clock.advance(2_000)
    network.last.open()
    expect(client.state).toMatchObject({ status: 'open', cause: undefined })
    void client.disconnect()
    expect(heard).toEqual([1, { reason: 'restart', code: 1012, text: 'deploy' }, 3, { reason: 'disconnect' }])
  })

  it('names being offline as the likely cause', async () => {
    const { client, network } = setUp({
      ports: { signals: { listen: () => () => {}, isOffline: () => true } },
    })
    void client.connect()
    await settleMicrotasks()
    network.last.end()
    expect(client.state.cause).toEqual({ reason: 'offline', code: 1006 })
  })
})

describe('drained()', () => {
  it('resolves when little enough is left in the queue and the socket', async () => {
    const { client, clock, network, open } = setUp()
    await open()
    network.last.bufferedAmount = 500
    let done = false
    void client.drained({ below: 100 }).then(() => (done = true))
    await clock.advance(100)
    expect(done).toBe(false)
    network.last.bufferedAmount = 100
    await clock.advance(100)
    expect(done).toBe(true)
    // The one of the open connection.
    expect(clock.pending).toBe(1)
  })

  it('polls only what the socket holds, and waits for the queue without a timer', async () => {
    const { client, clock, network, open } = setUp()
    client.send('a', {}, { key: 'k' })
    const empty = codeOf(client.drained())
    await settleMicrotasks()
    expect(clock.pending).toBe(0)
    client.send('b', {}).cancel()
    expect(clock.pending).toBe(0)
    await open()
    expect(await empty).toBe('resolved')
    network.last.bufferedAmount = 2 ** 20
    const waiting = client.send('c', {})
    const all = codeOf(client.drained())
    network.last.bufferedAmount = 0
    await clock.advance(20)
    expect(waiting.outcome).toEqual({ status: 'sent' })
    expect(await all).toBe('resolved')
  })

  it('resolves when the last message that waits is taken back, without a connection', async () => {
    const { client } = setUp()
    const delivery = client.send('a', {})
    const drained = codeOf(client.drained())
    await settleMicrotasks()
    delivery.cancel()
    expect(await drained).toBe('resolved')
  })

  it('leaves no timer behind, however it ends', async () => {
    const { client, clock, network, open } = setUp()
    const controller = new AbortController()
    client.send('x', {})
    const aborted = codeOf(client.drained({ signal: controller.signal }))
    controller.abort()
    expect(await aborted).toBe('aborted')
    await settleMicrotasks()
    expect(clock.pending).toBe(0)
    const drained = codeOf(client.drained())
    await open()
    expect(await drained).toBe('resolved')
    // The one of the open connection.
    expect(clock.pending).toBe(1)
    network.last.bufferedAmount = 1
    const pieces = [codeOf(client.drained()), codeOf(client.drained())]
    await settleMicrotasks()
    expect(clock.pending).toBe(2)
    network.last.bufferedAmount = 0
    await clock.advance(20)
    expect(await Promise.all(pieces)).toEqual(['resolved', 'resolved'])
    expect(clock.pending).toBe(1)
  })

  it('counts what waits for a connection, and can be aborted', async () => {
    const { client, clock } = setUp()
    client.send('x', {})
    const controller = new AbortController()
    const drained = codeOf(client.drained({ signal: controller.signal }))
    await clock.advance(100)
    controller.abort('enough')
    expect(await drained).toBe('aborted')
    await clock.advance(100)
    expect(clock.pending).toBe(0)
  })
})

describe('a request with schemas', () => {
  const digits: StandardSchema<unknown, number> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => {
        const text = (value as { text: unknown }).text
        return typeof text === 'string' ? { value: Number(text) } : { issues: [{ message: 'no text' }] }
      },
    },
  }

  it('is given what comes out of the schema of its answer, or rejected', async () => {
    const { network, clock } = setUp()
    const contract = schemas({ toServer: { get: { input: digits, output: digits } } })
    const wire = plain({ requests: correlated() })
    const client = createClient({
      url: 'ws://test',
      WebSocket: network.WebSocket,
      ports: { clock },
      wire,
      contract,
    })
    void client.connect()
    await settleMicrotasks()
    network.last.open()
    const [good, bad] = [client.request('get', { text: '1' }), client.request('get', { text: '2' })]
    expect(network.last.sent).toEqual([
      '{"type":"get","id":"1","text":"1"}',
      '{"type":"get","id":"2","text":"2"}',
    ])
    network.last.message('{"id":"1","text":"42"}')
    network.last.message('{"id":"2","text":42}')
    expect(await good).toBe(42)
    await expect(bad).rejects.toMatchObject({ code: 'invalid', data: [{ message: 'no text' }] })
    expect(thrown(() => client.request('get', { text: 3 })).code).toBe('misuse')
  })
})

describe('a contract of schemas', () => {
  const text = (
    check: (value: string) => boolean,
    turn: (value: string) => unknown,
  ): StandardSchema<{ text: string }, unknown> => ({
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => {
        const found = (value as { text?: unknown } | undefined)?.text
        return typeof found === 'string' && check(found)
          ? { value: turn(found) }
          : { issues: [{ message: 'no good' }] }
      },
    },
  })
  const contract = schemas({
    toClient: {
      note: text(
        (value) => value !== '',
        (value) => value.toUpperCase(),
      ),
    },
    toServer: { note: text((value) => value !== '', Number) },
  })

  it('gives handlers what comes out of a schema, and reports what does not fit', async () => {
    const { network, clock } = setUp()
    const client = createClient({
      url: 'ws://test',
      WebSocket: network.WebSocket,
      ports: { clock },
      contract,
    })
    const [heard, invalid] = [vi.fn(), vi.fn()]
    client.on('note', heard)
    client.watch('invalid', invalid)
    void client.connect()
    await settleMicrotasks()
    network.last.open()
    network.last.message('{"type":"note","text":"hi"}')
    network.last.message('{"type":"note","text":""}')
    network.last.message('{"type":"constructor"}')
    expect(heard.mock.calls).toEqual([['HI']])
    expect(invalid.mock.calls.map(([message]) => [message.reason, message.name])).toEqual([
      ['schema', 'note'],
      ['unknown-name', 'constructor'],
    ])
    expect(client.state.status).toBe('open')
  })

  it('refuses to send what does not fit, and sends what was given, not what comes out', async () => {
    const { network, clock } = setUp()
    const client = createClient({
      url: 'ws://test',
      WebSocket: network.WebSocket,
      ports: { clock },
      contract,
    })
    void client.connect()
    await settleMicrotasks()
    network.last.open()
    expect(thrown(() => client.send('note', { text: '' })).code).toBe('misuse')
    expect(thrown(() => client.send('other' as never, undefined as never)).message).toMatch(
      /not an event in the contract/,
    )
    client.send('note', { text: '42' })
    expect(network.last.sent).toEqual(['{"type":"note","text":"42"}'])
  })

  it('that throws spoils one message, and not the connection', async () => {
    const { network, clock } = setUp()
    const broken: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: () => {
          throw new Error('broken')
        },
      },
    }
    const client = createClient({
      url: 'ws://test',
      WebSocket: network.WebSocket,
      ports: { clock },
      contract: schemas({ toClient: { x: broken } }),
    })
    const invalid = vi.fn()
    client.watch('invalid', invalid)
    void client.connect()
    await settleMicrotasks()
    network.last.open()
    network.last.message('{"type":"x"}')
    expect(invalid.mock.calls).toMatchObject([
      [
        {
          reason: 'schema',
          name: 'x',
          data: { type: 'x' },
          error: { code: 'misuse', cause: new Error('broken') },
        },
      ],
    ])
    expect(client.state.status).toBe('open')
  })

  it('must be synchronous', () => {
    const later: StandardSchema = {
      '~standard': { version: 1, vendor: 'test', validate: () => Promise.reject(new Error('late')) },
    }
    const thenable: StandardSchema = {
      '~standard': { version: 1, vendor: 'test', validate: () => ({ then: () => {} }) as never },
    }
    expect(() =>
      createClient({ url: 'ws://test', contract: schemas({ toServer: { x: thenable } }) }).send('x', {}),
    ).toThrow(/synchronous/)
    const client = createClient({ url: 'ws://test', contract: schemas({ toServer: { x: later } }) })
    expect(thrown(() => client.send('x', {})).message).toMatch(/synchronous/)
  })
})
