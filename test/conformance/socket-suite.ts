import { describe, expect, onTestFinished, test } from 'vitest'

/** A class with the interface of `WebSocket`, and a server for it. */
export interface SocketPlatform {
  readonly Socket: new (url: string | URL, protocols?: string | string[]) => WebSocket
  /** Runs the server of `test/support/server.ts`, or finds one. */
  serve(): Promise<{ readonly url: string } & Partial<AsyncDisposable>>
  /** The titles of what this class is known to do otherwise, which must fail. */
  readonly otherwise?: readonly string[]
}

/** What the standard asks of `WebSocket`, step by step. */
export function socketSuite(name: string, { Socket, serve, otherwise = [] }: SocketPlatform): void {
  const step = (title: string, run: (url: string) => Promise<void> | void): void => {
    const check = otherwise.includes(title) ? test.fails : test
    check(title, async () => {
      const server = await serve()
      try {
        await run(server.url)
      } finally {
        await server[Symbol.asyncDispose]?.()
      }
    })
  }
  const dial = (url: string, protocols?: string | string[]): WebSocket => {
    const socket = new Socket(url, protocols)
    onTestFinished(() => socket.close())
    return socket
  }
  const open = async (url: string, protocols?: string | string[]): Promise<WebSocket> => {
    const socket = dial(url, protocols)
    await heard(socket, 'open')
    return socket
  }

  describe(`${name}: the constructor`, () => {
    step('throws a SyntaxError for a URL that cannot be parsed', () => {
      expect(nameOf(() => new Socket('http://'))).toBe('SyntaxError')
    })
    step('throws a SyntaxError for another scheme', () => {
      expect(nameOf(() => new Socket('ftp://127.0.0.1/'))).toBe('SyntaxError')
    })
    step('throws a SyntaxError for a fragment', (url) => {
      expect(nameOf(() => new Socket(`${url}/#fragment`))).toBe('SyntaxError')
    })
    step('throws a SyntaxError for a subprotocol that is no token', (url) => {
      for (const protocols of ['', 'a b', 'a,b', ['a', 'ä']])
        expect(nameOf(() => new Socket(url, protocols))).toBe('SyntaxError')
    })
    step('throws a SyntaxError for a subprotocol that is repeated', (url) => {
      expect(nameOf(() => new Socket(url, ['a', 'b', 'a']))).toBe('SyntaxError')
    })
    step('takes http: for ws:', (url) => {
      expect(dial(`${url.replace('ws:', 'http:')}/echo`).url).toBe(`${url}/echo`)
    })
    step('has the URL as parsed, and the defaults of all attributes', (url) => {
      const socket = dial(url)
      expect(socket.url).toBe(`${url}/`)
      expect(socket.readyState).toBe(0)
      expect([socket.protocol, socket.extensions, socket.binaryType]).toEqual(['', '', 'blob'])
      expect(socket.bufferedAmount).toBe(0)
      expect([socket.onopen, socket.onmessage, socket.onerror, socket.onclose]).toEqual([
        null,
        null,
        null,
        null,
      ])
    })
  })

  describe(`${name}: the interface`, () => {
    step('has constants that are enumerable and cannot be written', (url) => {
      for (const owner of [Socket, dial(url)] as unknown as Record<string, number>[]) {
        const constants = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED']
        expect(constants.map((constant) => owner[constant])).toEqual([0, 1, 2, 3])
        expect(() => (owner['OPEN'] = 7)).toThrow(TypeError)
        const names: string[] = []
        for (const key in owner) names.push(key)
        expect(names).toEqual(expect.arrayContaining(constants))
      }
    })
    step('is an EventTarget', (url) => {
      expect(dial(url)).toBeInstanceOf(EventTarget)
    })
    step('takes only functions and objects for handlers', (url) => {
      const socket = dial(url)
      const object = {}
      for (const [given, taken] of [
        [5, null],
        ['text', null],
        [undefined, null],
        [object, object],
      ]) {
        socket.onopen = given as never
        expect(socket.onopen).toBe(taken)
      }
    })
    step('takes only blob and arraybuffer for binaryType', (url) => {
      const socket = dial(url)
      socket.binaryType = 'arraybuffer'
      socket.binaryType = 'nonsense' as never
      expect(socket.binaryType).toBe('arraybuffer')
    })
    step('calls handlers and listeners in the order of their registration', async (url) => {
      const socket = dial(`${url}/echo`)
      const called: string[] = []
      socket.onopen = () => called.push('replaced')
      socket.addEventListener('open', () => called.push('listener'))
      socket.onopen = () => called.push('handler')
      await heard(socket, 'open')
      expect(called).toEqual(['handler', 'listener'])
    })
    step('calls a handler with the socket as this, and the socket is the target', async (url) => {
      const socket = dial(`${url}/echo`)
      const seen = await new Promise<unknown[]>((resolve) => {
        socket.onopen = function (event) {
          resolve([this, event.target, event.type])
        }
      })
      expect(seen).toEqual([socket, socket, 'open'])
    })
  })

  describe(`${name}: send()`, () => {
    step('throws an InvalidStateError before the connection is open', (url) => {
      const socket = dial(`${url}/echo`)
      expect(nameOf(() => socket.send('a'))).toBe('InvalidStateError')
    })
    step('throws a TypeError without an argument', async (url) => {
      const socket = await open(`${url}/echo`)
      expect(nameOf(() => (socket.send as () => void)())).toBe('TypeError')
    })
    step('sends text, in order', async (url) => {
      const socket = await open(`${url}/echo`)
      for (const text of ['a', '', 'äö😀']) socket.send(text)
      expect(await messages(socket, 3)).toEqual(['a', '', 'äö😀'])
    })
    step('replaces lone surrogates', async (url) => {
      const socket = await open(`${url}/echo`)
      socket.send('a\ud800b')
      expect(await messages(socket, 1)).toEqual(['a\ufffdb'])
    })
    step('sends what is neither text nor bytes as its text', async (url) => {
      const socket = await open(`${url}/echo`)
      for (const data of [5, null, { toString: () => 'object' }]) socket.send(data as never)
      expect(await messages(socket, 3)).toEqual(['5', 'null', 'object'])
    })
    step('sends bytes of buffers, views and blobs', async (url) => {
      const socket = await open(`${url}/echo`)
      socket.binaryType = 'arraybuffer'
      const { buffer } = new Uint8Array([1, 2, 3])
      socket.send(buffer)
      socket.send(new DataView(buffer, 1))
      socket.send(new Uint8Array(buffer, 1, 1))
      socket.send(new Blob([buffer]))
      const got = await messages(socket, 4)
      expect(got.map((data) => [...new Uint8Array(data as ArrayBuffer)])).toEqual([
        [1, 2, 3],
        [2, 3],
        [2],
        [1, 2, 3],
      ])
    })
    step('counts what is sent after the end in bufferedAmount', async (url) => {
      const socket = await open(`${url}/echo`)
      socket.close()
      const before = socket.bufferedAmount
      socket.send('ä')
      expect(socket.bufferedAmount - before).toBeGreaterThanOrEqual(2)
      await heard(socket, 'close')
      socket.send('a')
      expect(socket.bufferedAmount - before).toBeGreaterThanOrEqual(3)
    })
  })

  describe(`${name}: messages`, () => {
    step('have data, origin and type', async (url) => {
      const socket = await open(`${url}/echo`)
      socket.send('a')
      const event = (await heard(socket, 'message')) as MessageEvent
      expect([event.data, event.origin, event instanceof MessageEvent]).toEqual(['a', url, true])
    })
    step('bring bytes as a Blob by default', async (url) => {
      const socket = await open(`${url}/echo`)
      socket.send(new Uint8Array([1, 2]))
      const [data] = await messages(socket, 1)
      expect(data).toBeInstanceOf(Blob)
      expect([...new Uint8Array(await (data as Blob).arrayBuffer())]).toEqual([1, 2])
    })
    step('bring bytes as binaryType says at that moment', async (url) => {
      const socket = await open(`${url}/echo`)
      socket.binaryType = 'arraybuffer'
      socket.send(new Uint8Array([1, 2]))
      const [data] = await messages(socket, 1)
      expect(Object.prototype.toString.call(data)).toBe('[object ArrayBuffer]')
    })
    step('tell the subprotocol that the server chose', async (url) => {
      const socket = await open(`${url}/echo`, ['x', 'y'])
      expect(socket.protocol).toBe('x')
    })
  })

  describe(`${name}: close()`, () => {
    step('throws an InvalidAccessError for other codes than 1000 and 3000 to 4999', async (url) => {
      const socket = await open(`${url}/echo`)
      for (const code of [0, 999, 1001, 1005, 1006, 2999, 5000, NaN])
        expect(nameOf(() => socket.close(code))).toBe('InvalidAccessError')
      expect(socket.readyState).toBe(1)
    })
    step('throws a SyntaxError for a reason of more than 123 bytes', async (url) => {
      const socket = await open(`${url}/echo`)
      expect(nameOf(() => socket.close(1000, 'ä'.repeat(62)))).toBe('SyntaxError')
      expect(socket.readyState).toBe(1)
    })
    step('closes with code and reason', async (url) => {
      const socket = await open(`${url}/echo`)
      socket.close(3456, 'why')
      expect(socket.readyState).toBe(2)
      expect(await ended(socket)).toEqual([3456, 'why', true])
      expect(socket.readyState).toBe(3)
    })
    step('closes without a code, which is told as 1005', async (url) => {
      const socket = await open(`${url}/echo`)
      socket.close()
      expect(await ended(socket)).toEqual([1005, '', true])
    })
    step('fails a connection that is not open yet, with 1006', async (url) => {
      const socket = dial(`${url}/echo`)
      const events: string[] = []
      for (const type of ['open', 'error', 'close']) socket.addEventListener(type, () => events.push(type))
      socket.close()
      expect([socket.readyState, events]).toEqual([2, []])
      expect(await ended(socket)).toEqual([1006, '', false])
      expect(events).toEqual(['error', 'close'])
    })
    step('does nothing the second time', async (url) => {
      const socket = await open(`${url}/echo`)
      let count = 0
      socket.addEventListener('close', () => count++)
      socket.close(3000)
      socket.close(3001)
      expect((await ended(socket))[0]).toBe(3000)
      socket.close()
      expect([socket.readyState, count]).toEqual([3, 1])
    })
  })

  describe(`${name}: the end`, () => {
    step('tells code and reason of the server', async (url) => {
      const socket = await open(`${url}/close?code=4321&text=why&after=frame`)
      socket.send('now')
      expect(await ended(socket)).toEqual([4321, 'why', true])
      expect(socket.readyState).toBe(3)
    })
    step('without a close is 1006', async (url) => {
      const socket = await open(`${url}/close?code=1006&after=frame`)
      socket.send('now')
      expect(await ended(socket)).toEqual([1006, '', false])
    })
    step('of a refused dial is an error, and then 1006', async (url) => {
      const socket = dial(`${url}/refuse?status=403`)
      const events: string[] = []
      for (const type of ['open', 'error', 'close'])
        socket.addEventListener(type, () => events.push(`${type} ${socket.readyState}`))
      expect(await ended(socket)).toEqual([1006, '', false])
      expect(events).toEqual(['error 3', 'close 3'])
    })
  })
}

function nameOf(run: () => unknown): string {
  try {
    run()
    return 'nothing'
  } catch (error) {
    return (error as Error).name
  }
}

function heard(socket: WebSocket, type: string): Promise<Event> {
  return new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }))
}

async function ended(socket: WebSocket): Promise<[number, string, boolean]> {
  const { code, reason, wasClean } = (await heard(socket, 'close')) as CloseEvent
  return [code, reason, wasClean]
}

function messages(socket: WebSocket, count: number): Promise<unknown[]> {
  const got: unknown[] = []
  return new Promise((resolve) =>
    socket.addEventListener('message', ({ data }) => {
      got.push(data)
      if (got.length === count) resolve(got)
    }),
  )
}
