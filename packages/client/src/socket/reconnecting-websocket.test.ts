import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it, vi } from 'vitest'
import { createFakeNetwork } from '../../test/support/fake-socket.ts'
import { createTestPorts } from '../../test/support/test-ports.ts'
import { ping, ReconnectingWebSocket } from './index.ts'
import type {
  ProtocolsProvider,
  ReconnectingWebSocketOptions,
  SocketCloseEvent,
  UrlProvider,
} from './index.ts'

function setUp(
  options: ReconnectingWebSocketOptions = {},
  url: UrlProvider = 'ws://test/socket',
  protocols?: ProtocolsProvider,
) {
  const { ports, reported, signal } = createTestPorts()
  const { clock } = ports
  const network = createFakeNetwork()
  const log: string[] = []
  const socket = new ReconnectingWebSocket(url, protocols, {
    WebSocket: network.WebSocket,
    ...options,
    ports,
  })
  socket.addEventListener('open', () => log.push('open'))
  socket.addEventListener('message', ({ data }) => log.push(`message ${String(data)}`))
  socket.addEventListener('error', ({ message = '' }) => log.push(`error ${message}`.trim()))
  socket.addEventListener('close', ({ code, reason, wasClean }) =>
    log.push(`close ${code} ${reason}${wasClean ? 'clean' : ''}`.trim()),
  )
  return {
    socket,
    clock,
    network,
    reported,
    /** The events since the last call. */
    take: () => log.splice(0),
    signal,
    async open() {
      await settleMicrotasks()
      network.last.open()
      log.length = 0
    },
  }
}

const invalid =
  (url: string): (() => unknown) =>
  () =>
    new ReconnectingWebSocket(url)

describe('a socket that is created', () => {
  it('dials without a delay, in a later turn', async () => {
    const { socket, network, take } = setUp()
    expect([socket.readyState, network.sockets.length, socket.url]).toEqual([0, 0, 'ws://test/socket'])
    await settleMicrotasks()
    network.last.open()
    expect([socket.readyState, take()]).toEqual([1, ['open']])
  })

  it('waits for reconnect() if it starts closed', async () => {
    const { socket, network } = setUp({ startClosed: true })
    await settleMicrotasks()
    expect([socket.readyState, network.sockets.length, socket.shouldReconnect]).toEqual([3, 0, false])
    socket.reconnect()
    await settleMicrotasks()
    expect([socket.readyState, network.sockets.length, socket.shouldReconnect]).toEqual([0, 1, true])
  })

  it.each(['ws://', 'ftp://a', 'ws://a#b', 'no url'])('refuses the URL %j', (url) => {
    expect(invalid(url)).toThrow(expect.objectContaining({ name: 'SyntaxError' }) as Error)
  })

  it.each([[['a', 'a']], [['a', 'A']], ['a b'], [['']]])('refuses the subprotocols %j', (protocols) => {
    expect(() => new ReconnectingWebSocket('ws://a', protocols)).toThrow(
      expect.objectContaining({ name: 'SyntaxError' }) as Error,
    )
  })

  it.each<[ReconnectingWebSocketOptions, string]>([
    [{ maxRetries: -1 }, 'maxRetries must be a number of 0 or more'],
    [{ minUptime: NaN }, 'minUptime must be a number of 0 or more'],
    [{ retries: 3 } as never, "'retries' is not one of"],
    [5 as never, 'write { minReconnectionDelay, '],
  ])('refuses the options %j', (options, told) => {
    expect(() => new ReconnectingWebSocket('ws://a', [], options)).toThrow(told)
  })

  it('has the properties of WebSocket, and its length', () => {
    expect(ReconnectingWebSocket.length).toBe(1)
    expect(() => new (ReconnectingWebSocket as unknown as new () => unknown)()).toThrow(TypeError)
  })

  it('takes subprotocols as a member, as the standard does, and objects without', async () => {
    const { network } = setUp({}, 'ws://test', { protocols: ['a', 'b'] } as never)
    await settleMicrotasks()
    expect(network.last.protocols).toEqual(['a', 'b'])
    const other = setUp({}, 'ws://test', {} as never)
    await settleMicrotasks()
    expect(other.network.last.protocols).toEqual([])
  })

  it('has the constants of WebSocket, on the class and on each socket', () => {
    const { socket } = setUp({ startClosed: true })
    for (const owner of [ReconnectingWebSocket, socket]) {
      const { CONNECTING, OPEN, CLOSING, CLOSED } = owner
      expect([CONNECTING, OPEN, CLOSING, CLOSED]).toEqual([0, 1, 2, 3])
    }
    expect(() => ((socket as { OPEN: number }).OPEN = 7)).toThrow(TypeError)
    expect(Object.keys(ReconnectingWebSocket)).toEqual(['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'])
  })

  it('asks functions for the URL and the subprotocols before each attempt', async () => {
    let count = 0
    const { socket, clock, network } = setUp(
      {},
      () => `ws://test/${++count}`,
      () => Promise.resolve(`p${count}`),
    )
    expect(socket.url).toBe('')
    await settleMicrotasks()
    network.last.end()
    await clock.advance(2_000)
    expect(network.sockets.map(({ url, protocols }) => [url, ...protocols])).toEqual([
      ['ws://test/1', 'p1'],
      ['ws://test/2', 'p2'],
    ])
    expect(socket.url).toBe('ws://test/2')
  })

  it('retries when a function rejects, and gives up when it returns what is no URL', async () => {
    const url = vi.fn<() => Promise<string>>().mockRejectedValueOnce(new Error('no token'))
    const { clock, take, socket } = setUp({}, url.mockResolvedValueOnce('nonsense'))
    await settleMicrotasks()
    expect(take()).toEqual(['error no token', 'close 1006'])
    await clock.advance(2_000)
    expect(take()).toEqual(["error 'nonsense' is not the URL of a WebSocket", 'close 1006'])
    expect(socket.shouldReconnect).toBe(false)
  })
})

describe('after a failure', () => {
  it('a socket dials again, each time later, and tells the codes of the native one', async () => {
    const { socket, clock, network, take, open } = setUp({ maxReconnectionDelay: 2_000, jitter: 0 })
    await open()
    network.last.end(1011, 'oops')
    expect([socket.readyState, take()]).toEqual([3, ['close 1011 oopsclean']])
    const gaps: number[] = []
    for (let attempt = 0; attempt < 5; attempt++) {
      const { length } = network.sockets
      const before = clock.now()
      while (network.sockets.length === length) await clock.advance(1)
      gaps.push(Math.round(clock.now() - before))
      network.last.end()
      expect(take()).toEqual(['error', 'close 1006'])
      expect(socket.retryCount).toBe(attempt + 2)
    }
    expect(gaps).toEqual([500, 1_000, 2_000, 2_000, 2_000])
  })

  it('delays are longer by a random share', async () => {
    const { clock, network, open } = setUp({ jitter: 0.4 })
    await open()
    network.last.end()
    await clock.advance(599)
    expect(network.sockets).toHaveLength(1)
    await clock.advance(1)
    expect(network.sockets).toHaveLength(2)
  })

  it('retryCount has been raised when an error listener runs, and starts anew once a connection is stable', async () => {
    const { socket, clock, network } = setUp()
    const counts: number[] = []
    socket.addEventListener('error', () => counts.push(socket.retryCount))
    await settleMicrotasks()
    network.last.end()
    await clock.advance(1_000)
    network.last.end()
    await clock.advance(2_000)
    network.last.open()
    expect([counts, socket.retryCount]).toEqual([[1, 2], 2])
    await clock.advance(5_000)
    expect(socket.retryCount).toBe(0)
    network.last.end()
    expect(socket.retryCount).toBe(1)
  })

  it('a connection that lived for a second is redialed like the first', async () => {
    const { clock, network } = setUp({ jitter: 0 })
    for (let round = 0; round < 5; round++) {
      await clock.advance(500)
      expect(network.sockets).toHaveLength(round + 1)
      network.last.open()
      await clock.advance(1_000)
      network.last.end()
    }
  })

  it('a socket gives up after maxRetries, until reconnect()', async () => {
    const { socket, clock, network } = setUp({ maxRetries: 2 })
    for (let attempt = 0; attempt < 5; attempt++) {
      await clock.advance(10_000)
      network.last.end()
    }
    expect([network.sockets.length, socket.shouldReconnect, socket.readyState]).toEqual([3, false, 3])
    socket.reconnect()
    expect(socket.retryCount).toBe(0)
    for (let attempt = 0; attempt < 5; attempt++) {
      await clock.advance(10_000)
      network.last.end()
    }
    expect(network.sockets).toHaveLength(6)
  })

  it('a socket without retries never dials again, however long it was open', async () => {
    const { clock, network, open, take } = setUp({ maxRetries: 0 })
    await open()
    await clock.advance(60_000)
    network.last.end(1001)
    await clock.advance(60_000)
    expect([network.sockets.length, take()]).toEqual([1, ['close 1001 clean']])
  })

  it('a socket without retries leaves its connection alone when the page changes', async () => {
    const { clock, network, open, take, signal } = setUp({ maxRetries: 0 })
    await open()
    for (const name of ['leave', 'change', 'wake', 'offline'] as const) {
      signal(name)
      await clock.advance(60_000)
    }
    expect([network.live.length, network.sockets.length, take()]).toEqual([1, 1, []])
  })

  it('a socket without retries and queue waits for its dial and for its peer as long as the native one does', async () => {
    const { socket, clock, network, take } = setUp({ maxRetries: 0, maxEnqueuedMessages: 0 })
    await clock.advance(120_000)
    network.last.open()
    socket.close()
    await clock.advance(60_000)
    expect([take(), socket.readyState]).toEqual([['open'], 2])
    network.last.end(1000)
    expect([take(), socket.readyState, clock.pending]).toEqual([['close 1000 clean'], 3, 0])
  })

  it('a socket with a heartbeat and without retries never dials again when the page was left', async () => {
    const heartbeat = ping({ message: 'ping', isReply: (data) => data === 'pong' })
    const { socket, clock, network, open, take, signal } = setUp({ maxRetries: 0, heartbeat })
    await open()
    signal('leave')
    signal('change')
    await clock.advance(60_000)
    expect([network.sockets.length, take(), socket.shouldReconnect]).toEqual([1, ['close 1006'], false])
  })

  it('shouldReconnect is false already for the error listeners of the last attempt', async () => {
    const { socket, clock, network } = setUp({ maxRetries: 1 })
    const seen: boolean[] = []
    socket.addEventListener('error', () => seen.push(socket.shouldReconnect))
    await settleMicrotasks()
    network.last.end()
    await clock.advance(2_000)
    network.last.end()
    expect(seen).toEqual([true, false])
  })

  it('shouldReconnectOnClose decides by the event, before its listeners run', async () => {
    const asked: number[] = []
    const { socket, clock, network, open } = setUp({
      shouldReconnectOnClose({ code }) {
        asked.push(code)
        return code !== 4000
      },
    })
    const seen: boolean[] = []
    socket.addEventListener('close', () => seen.push(socket.shouldReconnect))
    await open()
    network.last.end(1001)
    await clock.advance(5_000)
    await open()
    network.last.end(4000)
    await clock.advance(60_000)
    expect([asked, seen, network.sockets.length]).toEqual([[1001, 4000], [true, false], 2])
  })

  it('a shouldReconnectOnClose that throws is reported, and the socket dials again', async () => {
    const error = new Error('oops')
    const { clock, network, open, reported } = setUp({
      shouldReconnectOnClose() {
        throw error
      },
    })
    await open()
    network.last.end()
    await clock.advance(5_000)
    expect([reported, network.sockets.length]).toEqual([[error], 2])
  })

  it('one that answers with a promise, of which some reject, does not decide', async () => {
    const { clock, network, open, reported } = setUp({
      shouldReconnectOnClose: (() => Promise.reject(new Error('oops'))) as never,
    })
    await open()
    network.last.end()
    await clock.advance(5_000)
    expect([reported, network.sockets.length]).toEqual([[new Error('oops')], 2])
  })

  it('an attempt that takes too long is given up, with TIMEOUT as its message', async () => {
    const { clock, network, take } = setUp({ connectionTimeout: 3_000 })
    await clock.advance(3_000)
    expect([take(), network.last.closes]).toEqual([['error TIMEOUT', 'close 1006'], [[1000]]])
    await clock.advance(1_000)
    expect(network.sockets).toHaveLength(2)
  })
})

describe('messages', () => {
  it('wait for the connection, and are written before the open event, as they were when they were sent', async () => {
    const { socket, network } = setUp()
    const bytes = new Uint8Array([1, 2, 3])
    expect(['a', bytes.subarray(1), bytes.buffer].map((data) => socket.send(data))).toEqual([
      false,
      false,
      false,
    ])
    bytes.fill(9)
    expect(socket.bufferedAmount).toBe(6)
    let sent: unknown
    socket.addEventListener('open', () => (sent = [...network.last.sent]))
    await settleMicrotasks()
    network.last.open()
    expect(sent).toEqual(['a', new Uint8Array([2, 3]), new Uint8Array([1, 2, 3])])
    expect([socket.send('b'), socket.bufferedAmount]).toEqual([true, 0])
    expect(network.last.sent.at(-1)).toBe('b')
  })

  it('count in bytes, a lone surrogate as its replacement', () => {
    const { socket } = setUp()
    socket.send('é😀')
    expect(socket.bufferedAmount).toBe(6)
    socket.send('\ud800')
    expect(socket.bufferedAmount).toBe(9)
    socket.send(5 as never)
    expect(socket.bufferedAmount).toBe(10)
    expect(() => (socket.send as unknown as () => void)()).toThrow(TypeError)
  })

  it.each([{ maxEnqueuedMessages: 2 }, { maxEnqueuedBytes: 2 }])(
    'beyond %j are dropped, and count for good',
    async (options) => {
      const { socket, network } = setUp(options)
      for (const text of ['a', 'b', 'c', 'd']) socket.send(text)
      expect(socket.bufferedAmount).toBe(4)
      await settleMicrotasks()
      network.last.open()
      expect([network.last.sent, socket.bufferedAmount]).toEqual([['a', 'b'], 2])
    },
  )

  it('wait on when the socket has closed by the time it says that it is open', async () => {
    const { socket, network } = setUp()
    socket.send('a')
    await settleMicrotasks()
    network.last.readyState = 2
    network.last.onopen!({} as never)
    expect([network.last.sent, socket.bufferedAmount]).toEqual([[], 1])
  })

  it('that wait can be taken back', async () => {
    const { socket, network } = setUp()
    socket.send('a')
    socket.send('b')
    expect([socket.drainQueuedMessages(), socket.bufferedAmount]).toEqual([['a', 'b'], 0])
    await settleMicrotasks()
    network.last.open()
    expect(network.last.sent).toEqual([])
  })

  it('that the socket does not take wait for the next connection', async () => {
    const { socket, clock, network, open } = setUp()
    await open()
    network.last.failures = 1
    expect(socket.send('a')).toBe(false)
    socket.send('b')
    await clock.advance(2_000)
    network.last.open()
    expect(network.last.sent).toEqual(['a', 'b'])
  })

  it('that no socket takes are an exception of send(), or reported, and end no connection', async () => {
    const { socket, network, open, reported } = setUp()
    const refusal = new TypeError('the bytes are shared')
    const refuse = (data: unknown): void => {
      if (data === 'bad') throw refusal
    }
    socket.send('bad')
    socket.send('good')
    await settleMicrotasks()
    const send = network.last.send.bind(network.last)
    network.last.send = (data) => {
      refuse(data)
      send(data)
    }
    await open()
    expect([reported, network.last.sent, socket.bufferedAmount]).toEqual([[refusal], ['good'], 0])
    expect(() => socket.send('bad')).toThrow(refusal)
    expect([socket.readyState, network.sockets.length]).toEqual([1, 1])
  })

  it('come in as blobs by default', async () => {
    const { socket, network, open } = setUp()
    await open()
    expect([network.last.binaryType, socket.binaryType]).toEqual(['blob', 'blob'])
  })

  it('come in with the origin of the server, in the form of binaryType', async () => {
    const { socket, clock, network, take } = setUp({}, 'wss://test:8080/socket')
    socket.binaryType = 'arraybuffer'
    socket.binaryType = 'nonsense' as never
    const origins: unknown[] = []
    socket.addEventListener('message', ({ origin }) => origins.push(origin))
    for (let round = 0; round < 2; round++) {
      await clock.advance(2_000)
      network.last.open()
      expect([network.last.binaryType, socket.binaryType]).toEqual(['arraybuffer', 'arraybuffer'])
      network.last.message('hi')
      expect(take()).toContain('message hi')
      socket.binaryType = 'blob'
      expect(network.last.binaryType).toBe('blob')
      socket.binaryType = 'arraybuffer'
      network.last.end()
    }
    expect(origins).toEqual(['wss://test:8080', 'wss://test:8080'])
  })

  it('cannot be sent before the socket is open when neither queue nor retries are wanted', async () => {
    const { socket, open } = setUp({ maxRetries: 0, maxEnqueuedMessages: 0 })
    expect(() => socket.send('a')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }) as Error)
    await open()
    socket.close()
    socket.send('abc')
    expect(socket.bufferedAmount).toBe(3)
  })
})

describe('close()', () => {
  it('ends the connection with its code and reason, and the event follows when it has ended', async () => {
    const { socket, clock, network, open, take } = setUp()
    await open()
    socket.close(3001, 'bye')
    expect([socket.readyState, take(), network.last.closes[0]]).toEqual([2, [], [3001, 'bye']])
    network.last.end(3001, 'bye')
    expect([socket.readyState, take(), socket.shouldReconnect]).toEqual([3, ['close 3001 byeclean'], false])
    await clock.advance(60_000)
    expect([network.sockets.length, clock.pending]).toEqual([1, 0])
  })

  it('passes no code if it got none', async () => {
    const { socket, network, open } = setUp()
    await open()
    socket.close()
    expect(network.last.closes[0]).toEqual([])
  })

  it('ends a dial with an error and 1006, in a later turn', async () => {
    const { socket, clock, network, take } = setUp()
    await settleMicrotasks()
    socket.close()
    expect([socket.readyState, take(), network.live]).toEqual([2, [], []])
    await clock.advance(1)
    expect([socket.readyState, take()]).toEqual([3, ['error disconnect', 'close 1006']])
  })

  it('ends the wait for the next dial without another event', async () => {
    const { socket, clock, network, open, take } = setUp()
    await open()
    network.last.end()
    take()
    socket.close()
    await clock.advance(60_000)
    expect([socket.readyState, network.sockets.length, take()]).toEqual([3, 1, []])
  })

  it('tells the end at once if that is wanted', async () => {
    const { socket, network, open, take } = setUp({ closeImmediately: true })
    await open()
    socket.close(3001, 'bye')
    expect([take(), socket.readyState, network.last.closes[0]]).toEqual([
      ['close 3001 byeclean'],
      3,
      [3001, 'bye'],
    ])
    socket.close()
    expect(take()).toEqual([])
  })

  it('gives up a peer that does not answer', async () => {
    const { socket, clock, open, take } = setUp()
    await open()
    socket.close()
    await clock.advance(2_000)
    expect([take(), socket.readyState]).toEqual([['close 1006'], 3])
  })

  it.each([999.5, 1000.5, 2999.5, 3000.4])('takes %d, which Web IDL rounds, half to even', (code) => {
    const { socket } = setUp({ startClosed: true })
    expect(() => socket.close(code)).not.toThrow()
  })

  it.each<[unknown[], string]>([
    [[1001], 'InvalidAccessError'],
    [[2999], 'InvalidAccessError'],
    [[5000], 'InvalidAccessError'],
    [[NaN], 'InvalidAccessError'],
    [[4999.5], 'InvalidAccessError'],
    [[2999.4], 'InvalidAccessError'],
    [[1000, 'é'.repeat(62)], 'SyntaxError'],
  ])('refuses %j, and reconnect() does, too', (how, name) => {
    const { socket } = setUp()
    const [code, reason] = how as [number, string]
    const error = expect.objectContaining({ name }) as Error
    expect(() => socket.close(code, reason)).toThrow(error)
    expect(() => socket.reconnect(code, reason)).toThrow(error)
    expect(socket.readyState).toBe(0)
  })
})

describe('reconnect()', () => {
  it('and close() in turns, faster than a dial, leave one connection', async () => {
    const { socket, clock, network } = setUp()
    for (let round = 0; round < 5; round++) {
      socket.close()
      socket.reconnect()
      if (round % 2) await settleMicrotasks()
    }
    await clock.advance(1_000)
    network.last.open()
    await clock.advance(60_000)
    expect([network.live.length, socket.readyState]).toEqual([1, 1])
    socket.close()
    await clock.advance(60_000)
    expect([network.live.length, socket.readyState, clock.pending]).toEqual([0, 3, 0])
  })

  it('closes the connection with one event, and dials at once', async () => {
    const { socket, clock, network, open, take } = setUp()
    await open()
    await clock.advance(1_000)
    const [old] = network.sockets
    socket.reconnect(3000, 'again')
    expect([take(), old!.closes[0], socket.readyState]).toEqual([
      ['close 3000 againclean'],
      [3000, 'again'],
      0,
    ])
    await settleMicrotasks()
    network.last.open()
    old!.end(3000, 'again')
    expect([take(), network.sockets.length, network.live.length]).toEqual([['open'], 2, 1])
  })

  it('never tells the end of an old socket as that of a dial whose constructor throws', async () => {
    const { socket, clock, network, open, take } = setUp()
    await open()
    await clock.advance(1_000)
    network.refuse(new Error('blocked'))
    socket.reconnect()
    await settleMicrotasks()
    network.sockets[0]!.end(4000)
    await clock.advance(2_000)
    expect(take()).toEqual(['close 1000 clean', 'error blocked', 'close 1006', 'error blocked', 'close 1006'])
  })

  it('in an error listener dials at once, after one close event of the failure', async () => {
    const { socket, clock, network, take } = setUp()
    await clock.advance(1_000)
    socket.addEventListener('error', () => socket.reconnect(), { once: true })
    network.last.end()
    expect(take()).toEqual(['error', 'close 1006'])
    await settleMicrotasks()
    network.last.open()
    expect([take(), network.sockets.length]).toEqual([['open'], 2])
  })

  it('dials at once while the socket waits, and after it has given up', async () => {
    const { socket, clock, network, open } = setUp({ maxRetries: 0 })
    await open()
    network.last.end()
    await clock.advance(1_000)
    socket.reconnect()
    await settleMicrotasks()
    expect(network.sockets).toHaveLength(2)
  })

  it('in a close listener at a server that closes at once does not dial in a tight loop', async () => {
    const { socket, clock, network } = setUp()
    socket.addEventListener('close', () => socket.reconnect())
    for (let round = 0; round < 100; round++) {
      await clock.advance(10)
      if (network.sockets.length > 0 && network.last.readyState === 0) {
        network.last.open()
        network.last.end(1001)
      }
    }
    expect(network.sockets.length).toBeLessThan(12)
  })
})

describe('listeners', () => {
  it('are those of an EventTarget, and handlers keep their place', async () => {
    const { socket, network, open } = setUp()
    expect(socket).toBeInstanceOf(EventTarget)
    await open()
    const heard: string[] = []
    const note = (text: string) => () => void heard.push(text)
    const twice = note('twice')
    socket.onmessage = note('first handler')
    socket.addEventListener('message', twice)
    socket.addEventListener('message', twice)
    socket.addEventListener('message', { handleEvent: note('object') })
    socket.addEventListener('message', note('once'), { once: true })
    const abort = new AbortController()
    socket.addEventListener('message', note('signal'), { signal: abort.signal })
    socket.onmessage = note('handler')
    network.last.message('1')
    abort.abort()
    network.last.message('2')
    expect(heard).toEqual(['handler', 'twice', 'object', 'once', 'signal', 'handler', 'twice', 'object'])
    socket.onmessage = null
    expect(socket.onmessage).toBe(null)
    socket.onmessage = 5 as never
    expect(socket.onmessage).toBe(null)
  })

  it('get events of the platform, with the socket as their target', async () => {
    const { socket, network, open } = setUp()
    await open()
    const events: unknown[] = []
    const handler = vi.fn(function (this: unknown, event: SocketCloseEvent) {
      events.push(this, event.target, event instanceof Event)
    })
    socket.onclose = handler
    network.last.end(1001)
    expect(events).toEqual([socket, socket, true])
  })
})

describe('a heartbeat', () => {
  it('notices a connection that is dead, and hides its answers', async () => {
    const heartbeat = ping({
      message: 'ping',
      isReply: (data) => data === 'pong',
      interval: 1_000,
      timeout: 500,
    })
    const { clock, network, open, take } = setUp({ heartbeat })
    await open()
    await clock.advance(1_000)
    expect(network.last.sent).toEqual(['ping'])
    network.last.message('pong')
    await clock.advance(1_600)
    expect(take()).toEqual(['error silent', 'close 1006'])
    await clock.advance(2_000)
    expect(network.sockets).toHaveLength(2)
  })
})

it.each([
  [
    'throws',
    () => {
      throw new Error('oops')
    },
  ],
  ['rejects', () => Promise.reject(new Error('oops'))],
])('a heartbeat whose isReply %s is reported, and hides no message', async (_, isReply) => {
  const { network, open, take, reported } = setUp({
    heartbeat: ping({ message: 'ping', isReply: isReply as never }),
  })
  await open()
  network.last.message('hi')
  await settleMicrotasks()
  expect([take(), reported]).toEqual([['message hi'], [new Error('oops')]])
})

it('a debugLogger that throws is reported, and the socket opens', async () => {
  const { socket, open, reported } = setUp({
    debug: true,
    debugLogger() {
      throw new Error('oops')
    },
  })
  await open()
  expect([socket.readyState, reported.length]).toEqual([1, 4])
})

describe('the page', () => {
  it('that is left closes the socket, and that comes back has a new one', async () => {
    const { clock, network, open, take, signal, socket } = setUp()
    await open()
    signal('leave')
    expect([take(), network.live.length]).toEqual([['close 1006'], 0])
    expect(socket.retryCount).toBe(0)
    signal('change')
    await clock.advance(1_000)
    expect(network.live).toHaveLength(1)
  })
})

it('logs what happens if it is told to', async () => {
  const debugLogger = vi.fn()
  const { open } = setUp({ debug: true, debugLogger })
  await open()
  expect(debugLogger.mock.calls.map(([, name]) => name as string)).toEqual([
    'preparing',
    'opening',
    'greeting',
    'open',
  ])
})
