import { createNetwork, createVirtualClock, FakeSocket } from '@holdfast/testing'
import type { FakeServerSocket, SimulatedRequest } from '@holdfast/testing'
import { describe, expect, inject, test } from 'vitest'
import { setStage } from '../support/stage.ts'
import { engine } from './engine.ts'

/** What a page can do with a socket, be it the browser's or ours. */
type PageSocket = Pick<
  WebSocket,
  | 'readyState'
  | 'bufferedAmount'
  | 'binaryType'
  | 'onopen'
  | 'onmessage'
  | 'onclose'
  | 'onerror'
  | 'send'
  | 'close'
>
type Make = (url: string, protocols?: string[]) => PageSocket

/** What a page does, and on which events. */
interface Conversation {
  readonly script: string
  readonly made?: (socket: PageSocket, note: (text: string) => void) => void
  readonly opened?: (socket: PageSocket, note: (text: string) => void) => void
  /** Called with the number of the message, from 1. */
  readonly heard?: (socket: PageSocket, count: number, note: (text: string) => void) => void
}

const conversations: Readonly<Record<string, Conversation>> = {
  'text, bytes and their kinds, and a close with a reason': {
    script: '/echo',
    opened(socket) {
      socket.send('hällo \ud800')
      socket.send(new Uint8Array([1, 2, 3]))
    },
    heard(socket, count) {
      if (count === 2) {
        socket.binaryType = 'arraybuffer'
        socket.send(new Uint8Array([4, 5]))
      }
      if (count === 3) socket.close(4001, 'done')
    },
  },
  'a message that comes when the page has closed': {
    script: '/echo',
    opened(socket) {
      socket.send('a')
      socket.send('b')
    },
    heard: (socket) => socket.close(),
  },
  'what is sent too late counts, and goes nowhere': {
    script: '/echo',
    opened(socket, note) {
      socket.close(3000)
      const before = socket.bufferedAmount
      socket.send('12345')
      note(`${socket.bufferedAmount - before - framing(socket)} bytes more`)
    },
  },
  'a server that closes with a code and a reason': { script: '/close?code=4100&text=bye' },
  'a server that closes as usual': { script: '/close?code=1000' },
  'a server that closes without a code': { script: '/close' },
  'a server that is gone': {
    script: '/close?code=1006&after=frame',
    opened: (socket) => socket.send('go'),
  },
  'a server that refuses': { script: '/refuse' },
  'a page that gives up before it is open': { script: '/echo', made: (socket) => socket.close() },
  'what a page may not do': {
    script: '/echo',
    made: (socket, note) => note(nameOf(() => socket.send('too early'))),
    opened(socket, note) {
      for (const code of [0, 999, 1001, 1006, 2999, 5000]) note(nameOf(() => socket.close(code)))
      note(nameOf(() => socket.close(3000, 'ä'.repeat(62))))
      socket.close(4999, 'ä'.repeat(61))
    },
  },
}

/** WebKit counts the head of a frame as well, which the standard forbids. Others and the FakeSocket count the bytes. */
function framing(socket: PageSocket): number {
  return engine === 'webkit' && !(socket instanceof FakeSocket) ? 6 : 0
}

function nameOf(run: () => void): string {
  try {
    run()
    return 'fine'
  } catch (error) {
    return (error as Error).name
  }
}

async function textOf(data: unknown): Promise<string> {
  if (typeof data === 'string') return data
  const bytes = data instanceof Blob ? await data.arrayBuffer() : (data as ArrayBuffer)
  return `${data instanceof Blob ? 'blob' : 'buffer'} ${new Uint8Array(bytes).join(' ')}`
}

/** Plays a conversation to its end. `wait` lets happen what has to happen before the socket is closed. */
async function play(
  { script, made, opened, heard }: Conversation,
  make: Make,
  url: (script: string) => string,
  wait: (isClosed: () => boolean) => Promise<void>,
): Promise<string[]> {
  const log: Promise<string>[] = []
  const socket = make(url(script))
  const note = (text: string | Promise<string>): void => {
    const { readyState } = socket
    log.push(Promise.resolve(text).then((known) => `${known}, ${readyState}`))
  }
  let count = 0
  let isClosed = false
  socket.onopen = () => {
    note('open')
    opened?.(socket, note)
  }
  socket.onmessage = ({ data }: MessageEvent) => {
    note(textOf(data))
    heard?.(socket, ++count, note)
  }
  socket.onerror = () => note('error')
  socket.onclose = ({ code, reason, wasClean }: CloseEvent) => {
    note(`${wasClean ? 'closed' : 'broken'} ${code} ${reason}`)
    isClosed = true
  }
  made?.(socket, note)
  await wait(() => isClosed)
  return Promise.all(log)
}

/** The same server as the real one, on a network in memory. */
function serve(socket: FakeServerSocket, { url }: SimulatedRequest): void {
  const { pathname, searchParams: query } = new URL(url, 'ws://server.test')
  const [code, text] = [query.get('code'), query.get('text') ?? '']
  socket.binaryType = 'arraybuffer'
  const echo = ({ data }: { readonly data: string | ArrayBuffer }): void =>
    socket.send(typeof data === 'string' ? data : new Uint8Array(data))
  if (pathname === '/echo') socket.onmessage = echo
  else if (code === '1006') socket.onmessage = () => socket.terminate()
  else if (code) socket.close(Number(code), text)
  else socket.close()
}

describe('a FakeSocket and the WebSocket of this browser say the same', () => {
  test.each(Object.entries(conversations))('%s', async (_, conversation) => {
    await using stage = await setStage({ serve: () => Promise.resolve({ url: inject('serverUrl') }) })
    const real = await play(
      conversation,
      (url) => new WebSocket(url),
      (script) => stage.url(script),
      (isClosed) => expect.poll(isClosed).toBe(true),
    )

    const clock = createVirtualClock()
    const network = createNetwork({ clock })
    network.listen('server.test', serve)
    const fake = await play(
      conversation,
      (url) => new network.WebSocket(url) as unknown as PageSocket,
      // A port without a listener, like a path that refuses.
      (script) => (script === '/refuse' ? 'ws://nobody.test' : `ws://server.test${script}`),
      async (isClosed) => {
        while (!isClosed()) await clock.advance(100)
      },
    )
    expect(real.length).toBeGreaterThan(1)
    expect(fake).toEqual(real)
  })

  test.each([
    [['nonsense://']],
    [['ftp://localhost/']],
    [['ws://localhost/', ['a', 'a']]],
    [['ws://localhost/', ['a b']]],
    [['ws://localhost/', ['']]],
    [['ws://[']],
  ] as [[string, string[]?]][])('a constructor that throws: %j', (arguments_) => {
    const [url, protocols] = arguments_
    const real = nameOf(() => void new WebSocket(url, protocols))
    expect(real).toBe('SyntaxError')
    expect(nameOf(() => void new FakeSocket(url, protocols))).toBe(real)
  })
})
