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
    step('throws a TypeError without a URL', () => {
      expect(nameOf(() => new (Socket as unknown as new () => unknown)())).toBe('TypeError')
    })
    step('throws a TypeError for a symbol', (url) => {
      expect(nameOf(() => new Socket(Symbol('url') as never))).toBe('TypeError')
      expect(nameOf(() => new Socket(url, [Symbol('protocol') as never]))).toBe('TypeError')
    })
    step('takes subprotocols from whatever can be iterated', async (url) => {
      const socket = await open(`${url}/echo`, new Set(['x', 'y']) as never)
      expect(socket.protocol).toBe('x')
    })
    step('takes the text of what is no list for a subprotocol', async (url) => {
      const socket = await open(`${url}/echo`, 5 as never)
      expect(socket.protocol).toBe('5')
    })
    step('parses the URL as a browser does', (url) => {
      const { host } = new URL(url)
      for (const [given, parsed] of [
        [` WS://${host}/echo?foo%20bar\u0000baz `, `${url}/echo?foo%20bar%00baz`],
        [`ws:${host}/\u00e5`, `${url}/%C3%A5`],
        [{ toString: () => `${url}/text` }, `${url}/text`],
      ] as const)
        expect(dial(given as string).url).toBe(parsed)
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
    step('has members that are enumerable, and accessors of their names', () => {
      const members: string[] = []
      for (const member in Socket.prototype) members.push(member)
      const attributes = ['url', 'readyState', 'bufferedAmount', 'extensions', 'protocol', 'binaryType']
      const handlers = ['onopen', 'onmessage', 'onerror', 'onclose']
      expect(members).toEqual(expect.arrayContaining([...attributes, ...handlers, 'send', 'close']))
      for (const attribute of [...attributes, ...handlers]) {
        const { get, set, configurable } = descriptorOf(Socket.prototype, attribute)
        const isWritable = handlers.includes(attribute) || attribute === 'binaryType'
        expect([get?.name, set?.name, configurable]).toEqual([
          `get ${attribute}`,
          isWritable ? `set ${attribute}` : undefined,
          true,
        ])
      }
    })
    step('has methods with as many arguments as they need, which return nothing', async (url) => {
      expect([Socket.prototype.send.length, Socket.prototype.close.length]).toEqual([1, 0])
      const socket = await open(`${url}/echo`)
      expect([socket.send('a'), socket.close(), socket.send('b')]).toEqual([undefined, undefined, undefined])
    })
    step('has members that throw a TypeError for another object', () => {
      expect(nameOf(() => Socket.prototype.send.call({}, 'a'))).toBe('TypeError')
      expect(nameOf(() => Socket.prototype.close.call({}))).toBe('TypeError')
      for (const attribute of ['url', 'readyState', 'binaryType', 'onopen'])
        expect(nameOf(() => descriptorOf(Socket.prototype, attribute).get!.call({}))).toBe('TypeError')
    })
    step('names itself', (url) => {
      expect(tagOf(dial(url))).toBe('[object WebSocket]')
      expect(descriptorOf(Socket.prototype, Symbol.toStringTag)).toEqual({
        value: 'WebSocket',
        configurable: true,
        enumerable: false,
        writable: false,
      })
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
    step('takes the text of what is set as binaryType', (url) => {
      const socket = dial(url)
      socket.binaryType = { toString: () => 'arraybuffer' } as never
      expect(socket.binaryType).toBe('arraybuffer')
    })
    step('calls no member of an object that is a handler', async (url) => {
      const socket = dial(`${url}/echo`)
      let calls = 0
      socket.onopen = { handleEvent: () => calls++ } as never
      await heard(socket, 'open')
      expect(calls).toBe(0)
    })
    step('has events of the platform, which are at their target and cannot be cancelled', async (url) => {
      const socket = dial(`${url}/echo`)
      const seen: unknown[] = []
      for (const type of ['open', 'message', 'close'])
        socket.addEventListener(type, (event) => {
          const { bubbles, cancelable, currentTarget, eventPhase } = event
          seen.push([tagOf(event), bubbles, cancelable, currentTarget === socket, eventPhase])
        })
      socket.onopen = () => socket.send('a')
      socket.onmessage = () => socket.close()
      await heard(socket, 'close')
      const close = typeof CloseEvent === 'undefined' ? 'Event' : 'CloseEvent'
      expect(seen).toEqual(
        ['Event', 'MessageEvent', close].map((kind) => [`[object ${kind}]`, false, false, true, 2]),
      )
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
    step('throws a TypeError for a symbol', async (url) => {
      const socket = await open(`${url}/echo`)
      expect(nameOf(() => socket.send(Symbol('data') as never))).toBe('TypeError')
      expect(socket.readyState).toBe(1)
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
    step('checks its arguments in every state', (url) => {
      const socket = dial(`${url}/echo`)
      expect(nameOf(() => socket.close(1001))).toBe('InvalidAccessError')
      expect(nameOf(() => socket.close('why' as never))).toBe('InvalidAccessError')
      expect(nameOf(() => socket.close(null as never))).toBe('InvalidAccessError')
      expect(nameOf(() => socket.close(0x1_00_00 + 1_000))).toBe('InvalidAccessError')
      expect(nameOf(() => socket.close(1000, { toString: () => 'ä'.repeat(62) } as never))).toBe(
        'SyntaxError',
      )
      expect(nameOf(() => socket.close(Symbol('code') as never))).toBe('TypeError')
      expect(socket.readyState).toBe(0)
    })
    step('replaces lone surrogates in the reason', async (url) => {
      const socket = await open(`${url}/echo`)
      socket.close(1000, '\ud807')
      expect(await ended(socket)).toEqual([1000, '\ufffd', true])
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
    step('fails a connection that is not open yet in steps between which promises settle', async (url) => {
      const socket = dial(`${url}/echo`)
      const events = order(socket)
      socket.close()
      expect(await events).toEqual(['error 3', 'settled', 'close 3'])
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
    step('of a refused dial is an error and a close, between which promises settle', async (url) => {
      const socket = dial(`${url}/refuse?status=403`)
      expect(await order(socket)).toEqual(['error 3', 'settled', 'close 3'])
    })
    step('of a refused dial is the same if an error listener closes', async (url) => {
      const socket = dial(`${url}/refuse?status=403`)
      const events: string[] = []
      for (const type of ['error', 'close']) socket.addEventListener(type, () => events.push(type))
      socket.onerror = () => {
        socket.close()
        events.push(String(socket.readyState))
      }
      expect(await ended(socket)).toEqual([1006, '', false])
      expect(events).toEqual(['error', '3', 'close'])
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

function tagOf(value: object): string {
  return Object.prototype.toString.call(value)
}

/** The property of an object, or of what it inherits from. */
function descriptorOf(owner: object, name: string | symbol): PropertyDescriptor {
  return (
    Object.getOwnPropertyDescriptor(owner, name) ?? descriptorOf(Object.getPrototypeOf(owner) as object, name)
  )
}

function heard(socket: WebSocket, type: string): Promise<Event> {
  return new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }))
}

async function ended(socket: WebSocket): Promise<[number, string, boolean]> {
  const { code, reason, wasClean } = (await heard(socket, 'close')) as CloseEvent
  return [code, reason, wasClean]
}

/** What comes first: the `close` event, or a promise that an `error` event has settled. */
async function order(socket: WebSocket): Promise<string[]> {
  const events: string[] = []
  for (const type of ['error', 'close'])
    socket.addEventListener(type, () => events.push(`${type} ${socket.readyState}`))
  void heard(socket, 'error').then(() => events.push('settled'))
  await heard(socket, 'close')
  return events
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
