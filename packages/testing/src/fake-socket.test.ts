import { describe, expect, test } from 'vitest'
import { DroppableSocket, FakeServerSocket, FakeSocket } from './fake-socket.ts'
import type { SocketPeer } from './fake-socket.ts'

/** What the socket tells, in order. */
function listen(socket: FakeSocket): unknown[] {
  const events: unknown[] = []
  const note = (event: { readonly type: string }): void => void events.push({ ...event })
  socket.onopen = socket.onmessage = socket.onerror = socket.onclose = note
  return events
}

function opened(peer?: SocketPeer): FakeSocket {
  const socket = new FakeSocket('ws://example.com/', [], peer)
  socket.opened()
  return socket
}

const error = { type: 'error' }
const broken = { type: 'close', code: 1006, reason: '', wasClean: false }

describe('dialing', () => {
  test.each([
    ['ws://example.com', 'ws://example.com/'],
    ['http://example.com/a?b', 'ws://example.com/a?b'],
    ['https://example.com/', 'wss://example.com/'],
    [new URL('wss://example.com/x'), 'wss://example.com/x'],
  ])('%s is possible', (url, expected) => {
    expect(new FakeSocket(url).url).toBe(expected)
  })

  test.each(['/ws', 'ftp://example.com', 'ws://example.com/#here', 'ws://example.com/#', ''])(
    'the URL "%s" is a SyntaxError',
    (url) => {
      expect(() => new FakeSocket(url)).toThrow(expect.objectContaining({ name: 'SyntaxError' }))
    },
  )

  test.each([
    ['', []] as const,
    ['chat', ['chat']] as const,
    [
      ['a', 'b'],
      ['a', 'b'],
    ] as const,
  ])('subprotocols %j are taken as they are', (given, expected) => {
    const socket = given === '' ? new FakeSocket('ws://a') : new FakeSocket('ws://a', given)
    expect(socket.protocols).toEqual(expected)
    expect(socket.protocol).toBe('')
  })

  test.each([[['a', 'a']], ['two words'], ['a,b'], [['']], ['"a"'], ['naïve']])(
    'subprotocols %j are a SyntaxError',
    (protocols) => {
      expect(() => new FakeSocket('ws://a', protocols)).toThrow(
        expect.objectContaining({ name: 'SyntaxError' }),
      )
    },
  )

  test('a successful dial opens the socket with the subprotocol that the server chose', () => {
    const socket = new FakeSocket('ws://a', ['x', 'y'])
    const events = listen(socket)
    expect(socket.readyState).toBe(0)
    socket.opened('y')
    socket.opened('x')
    expect([socket.readyState, socket.protocol]).toEqual([1, 'y'])
    expect(events).toEqual([{ type: 'open' }])
  })

  test('a failed dial fires an error event and closes with 1006', () => {
    const socket = new FakeSocket('ws://a')
    const events = listen(socket)
    socket.ended()
    expect(socket.readyState).toBe(3)
    expect(events).toEqual([error, broken])
  })

  test('close() during a dial abandons the dial and notifies the peer', () => {
    const told: string[] = []
    const socket = new FakeSocket('ws://a', [], {
      abandoned: () => told.push('abandoned'),
      closing: () => told.push('closing'),
    })
    const events = listen(socket)
    socket.close(4001, 'never mind')
    socket.opened()
    expect([socket.readyState, ...told]).toEqual([2, 'abandoned'])
    socket.ended()
    expect(events).toEqual([error, broken])
  })
})

describe('sending', () => {
  test('send() before the socket is open throws an InvalidStateError', () => {
    const socket = new FakeSocket('ws://a')
    expect(() => socket.send('too early')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }))
    expect(socket.bufferedAmount).toBe(0)
  })

  test('bufferedAmount counts bytes of UTF-8 until the network takes them', () => {
    const socket = opened()
    socket.send('aé€😀')
    socket.send(new Uint8Array(5))
    expect(socket.bufferedAmount).toBe(1 + 2 + 3 + 4 + 5)
    socket.flushed(10)
    expect(socket.bufferedAmount).toBe(5)
    socket.flushed()
    expect(socket.bufferedAmount).toBe(0)
  })

  test('send() replaces lone surrogates with U+FFFD', () => {
    const socket = opened()
    socket.send('a\ud800b')
    expect(socket.sent).toEqual(['a\ufffdb'])
    expect(socket.bufferedAmount).toBe(5)
  })

  test('send() copies bytes, from every kind of buffer', () => {
    const socket = opened()
    const bytes = Uint8Array.of(9, 1, 2, 9)
    socket.send(bytes.subarray(1, 3))
    socket.send(new DataView(bytes.buffer, 1, 2))
    socket.send(bytes.buffer)
    bytes.fill(0)
    expect(socket.sent).toEqual([Uint8Array.of(1, 2), Uint8Array.of(1, 2), Uint8Array.of(9, 1, 2, 9)])
  })

  test('send() rejects a blob, which it could not read in time', () => {
    expect(() => opened().send(new Blob(['a']) as never)).toThrow(TypeError)
  })

  test.each(['closing', 'closed'] as const)(
    'on a socket that is %s only makes bufferedAmount grow',
    (state) => {
      const taken: unknown[] = []
      const socket = opened({ sent: (data) => taken.push(data), closing: () => {} })
      socket.close()
      if (state === 'closed') socket.ended(1005)
      socket.send('12345')
      socket.send(new Uint8Array(2))
      expect(taken).toEqual([])
      expect(socket.sent).toEqual([])
      expect(socket.bufferedAmount).toBe(7)
    },
  )

  test('bytes that were not taken before the end stay in bufferedAmount', () => {
    let backlog = 100
    const socket = opened({ sent: () => {}, backlog: () => backlog })
    expect(socket.bufferedAmount).toBe(100)
    socket.ended()
    backlog = 0
    socket.send('abc')
    expect(socket.bufferedAmount).toBe(103)

    const other = opened()
    other.send('12345')
    other.ended()
    other.flushed()
    expect(other.bufferedAmount).toBe(5)
  })

  test('a sent message reaches the peer with its size', () => {
    const taken: unknown[] = []
    const socket = opened({ sent: (...message) => taken.push(message) })
    socket.send('é')
    expect(taken).toEqual([['é', 2]])
    expect(socket.sent).toEqual([])
  })
})

describe('receiving', () => {
  test('a received message is text unchanged, or bytes by binaryType', () => {
    const socket = opened()
    const events = listen(socket) as { readonly data: unknown }[]
    socket.received('text')
    socket.received(Uint8Array.of(1, 2))
    socket.binaryType = 'arraybuffer'
    const bytes = Uint8Array.of(3, 4)
    socket.received(bytes)
    bytes.fill(0)
    const [text, blob, buffer] = events.map(({ data }) => data)
    expect(text).toBe('text')
    expect(blob).toBeInstanceOf(Blob)
    expect((blob as Blob).size).toBe(2)
    expect(buffer).toBeInstanceOf(ArrayBuffer)
    expect(new Uint8Array(buffer as ArrayBuffer)).toEqual(Uint8Array.of(3, 4))
  })

  test('a socket delivers no message before it is open, while it is closing, and after it has closed', () => {
    const socket = new FakeSocket('ws://a', [], { closing: () => {} })
    const events = listen(socket)
    socket.received('early')
    socket.opened()
    socket.close()
    socket.received('late')
    socket.ended(1000)
    socket.received('too late')
    expect(events.map((event) => (event as { type: string }).type)).toEqual(['open', 'close'])
  })
})

describe('closing', () => {
  test.each([1001, 1006, 999, 2999, 5000, 0])('close() with %s throws an InvalidAccessError', (code) => {
    const socket = opened()
    expect(() => socket.close(code)).toThrow(expect.objectContaining({ name: 'InvalidAccessError' }))
    expect(socket.readyState).toBe(1)
  })

  test.each([undefined, 1000, 3000, 4999])('close() with %s is allowed', (code) => {
    const told: unknown[] = []
    const socket = opened({ closing: (...how) => told.push(how) })
    socket.close(code)
    expect(told).toEqual([[code, '']])
  })

  test('close() with a reason over 123 bytes of UTF-8 throws a SyntaxError', () => {
    const socket = opened({ closing: () => {} })
    expect(() => socket.close(4000, '€'.repeat(42))).toThrow(expect.objectContaining({ name: 'SyntaxError' }))
    expect(socket.readyState).toBe(1)
    socket.close(4000, '€'.repeat(41))
    expect(socket.readyState).toBe(2)
  })

  test('a closing handshake hangs until the other end answers', () => {
    const socket = opened()
    const events = listen(socket)
    socket.close(4000, 'bye')
    socket.close(4001)
    expect(socket.readyState).toBe(2)
    expect(events).toEqual([])
    socket.ended(4000, 'bye')
    socket.ended(1006)
    expect(socket.readyState).toBe(3)
    expect(events).toEqual([{ type: 'close', code: 4000, reason: 'bye', wasClean: true }])
  })

  test('the other end receives one close for several calls of close()', () => {
    let asked = 0
    const socket = opened({ closing: () => asked++ })
    socket.close()
    socket.close()
    socket.ended(1005)
    socket.close()
    expect(asked).toBe(1)
  })

  test('a close without a code is clean, with code 1005', () => {
    const socket = opened()
    const events = listen(socket)
    socket.ended(1005)
    expect(events).toEqual([{ type: 'close', code: 1005, reason: '', wasClean: true }])
  })

  test('the socket is closed when the close event fires', () => {
    const socket = opened()
    const states: number[] = []
    socket.onerror = socket.onclose = () => void states.push(socket.readyState)
    socket.ended()
    expect(states).toEqual([3, 3])
  })
})

describe('a socket as those of ws', () => {
  test('a server socket like that of ws starts open', () => {
    expect(new FakeServerSocket('ws://a').readyState).toBe(1)
    expect(new DroppableSocket('ws://a').readyState).toBe(0)
  })

  test('a socket like that of ws closes with every code that a frame may carry', () => {
    for (const code of [1000, 1001, 1003, 1007, 1012, 1014, 3000, 4999]) {
      const socket = new FakeServerSocket('ws://a')
      socket.close(code)
      expect(socket.readyState).toBe(2)
    }
    for (const code of [999, 1004, 1005, 1006, 1015, 2999, 5000])
      expect(() => new FakeServerSocket('ws://a').close(code)).toThrow(TypeError)
    expect(() => new FakeServerSocket('ws://a').close(1000, 'x'.repeat(124))).toThrow(RangeError)
  })

  test('a socket like that of ws fires no error event when an open connection breaks', () => {
    const socket = new FakeServerSocket('ws://a')
    const events = listen(socket)
    socket.ended()
    expect(events).toEqual([broken])
  })

  test.each([false, true])(
    'tells an error when a dial fails, before it has closed (given up: %s)',
    (isGivenUp) => {
      const socket = new DroppableSocket('ws://a')
      const events = listen(socket)
      if (isGivenUp) socket.close()
      socket.onerror = () => void events.push(`error at ${socket.readyState}`)
      socket.ended()
      socket.ended()
      expect(events).toEqual(['error at 2', broken])
    },
  )

  test('a socket like that of ws fires no error event for a connection that breaks after a successful dial', () => {
    const socket = new DroppableSocket('ws://a')
    const events = listen(socket)
    socket.opened()
    socket.ended()
    expect(events).toEqual([{ type: 'open' }, broken])
  })

  test('a socket like that of ws throws a plain error before it is open', () => {
    expect(() => new DroppableSocket('ws://a').send('early')).toThrow(
      expect.objectContaining({ name: 'Error' }),
    )
  })

  test('a socket like that of ws delivers messages while it is closing, and none after terminate()', () => {
    const socket = new FakeServerSocket('ws://a')
    const events = listen(socket)
    socket.close(1001)
    socket.received('on its way')
    socket.terminate()
    socket.received('too late')
    expect(events).toEqual([{ type: 'message', data: 'on its way' }])
  })

  test('terminate() notifies the peer, and the socket closes when the peer ends it', () => {
    let abandoned = 0
    const socket = new FakeServerSocket('ws://a', [], { abandoned: () => abandoned++ })
    const events = listen(socket)
    socket.terminate()
    expect([socket.readyState, abandoned]).toEqual([2, 1])
    socket.ended()
    socket.terminate()
    expect([socket.readyState, abandoned]).toEqual([3, 1])
    expect(events).toEqual([broken])
  })
})
