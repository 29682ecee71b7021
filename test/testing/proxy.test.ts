import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { startFaultProxy } from '@holdfast/testing/proxy'
import type { FaultProxy, FaultProxyOptions } from '@holdfast/testing/proxy'
import { describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { expectNothingLeft } from '../support/leaks.ts'

expectNothingLeft()

/** A server, the proxy in front of it, and raw sockets through both. */
interface Scene extends AsyncDisposable {
  readonly server: WebSocketServer
  readonly proxy: FaultProxy
  /** What came to the server, of all connections. */
  readonly heard: string[]
  /** A connection that is open at both ends. */
  open(): Promise<End>
}

interface End {
  readonly client: WebSocket
  readonly peer: WebSocket
  /** What came to the client. */
  readonly heard: string[]
  /** Sends a message each way, and waits for both: all that was sent before has arrived by then. */
  settle(): Promise<void>
}

async function setScene(options: Omit<FaultProxyOptions, 'target'> = {}): Promise<Scene> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const proxy = await startFaultProxy({ target: `ws://127.0.0.1:${port}/chat?room=1`, ...options })
  const heard: string[] = []
  server.on('connection', (peer) => {
    peer.on('error', () => {})
    peer.on('message', (data: Buffer) => heard.push(data.toString()))
  })
  const clients: WebSocket[] = []
  return {
    server,
    proxy,
    heard,
    async open() {
      const joined = new Promise<WebSocket>((resolve) => {
        server.on('connection', function join(peer, { url }) {
          if (url === '/') return // It is beside the proxy.
          server.off('connection', join)
          resolve(peer)
        })
      })
      const client = new WebSocket(proxy.url, { perMessageDeflate: false })
      clients.push(client)
      client.on('error', () => {})
      const own: string[] = []
      client.on('message', (data: Buffer) => own.push(data.toString()))
      await once(client, 'open')
      const peer = await joined
      return {
        client,
        peer,
        heard: own,
        async settle() {
          const both = [client, peer].map(lastMessage)
          client.send('end')
          peer.send('end')
          await Promise.all(both)
        },
      }
    },
    async [Symbol.asyncDispose]() {
      await proxy.close()
      for (const socket of [...clients, ...server.clients]) socket.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function lastMessage(socket: WebSocket): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => data.toString() === 'end' && resolve())
  })
}

/** How a connection ended that was not opened. */
async function refusal(url: string): Promise<string | undefined> {
  const socket = new WebSocket(url)
  const [error] = (await once(socket, 'error')) as [{ readonly code?: string }]
  return error.code
}

async function closeCode(socket: WebSocket): Promise<number> {
  const [code] = (await once(socket, 'close')) as [number]
  return code
}

/** What could arrive has arrived after a few round trips beside the proxy. */
async function roundTrips({ server }: Scene): Promise<void> {
  for (let count = 0; count < 3; count++) {
    const { port } = server.address() as { port: number }
    const socket = new WebSocket(`ws://127.0.0.1:${port}`)
    await once(socket, 'open')
    socket.close()
    await once(socket, 'close')
  }
}

describe('without a rule', () => {
  test('everything passes unchanged, and the path and the query with it', async () => {
    await using scene = await setScene()
    const asked = once(scene.server, 'connection') as Promise<[WebSocket, { readonly url: string }]>
    const { client, peer, heard } = await scene.open()
    expect((await asked)[1].url).toBe('/chat?room=1')
    const texts = ['', 'a', 'b'.repeat(125), 'c'.repeat(126), 'd'.repeat(65_536), 'e'.repeat(3_000_000)]
    for (const text of texts) {
      client.send(text)
      peer.send(text)
    }
    await expect.poll(() => [scene.heard.length, heard.length]).toEqual([6, 6])
    expect(scene.heard).toEqual(texts)
    expect(heard).toEqual(texts)
    const closed = closeCode(peer)
    client.close(4321)
    expect(await closed).toBe(4321)
    await expect.poll(() => scene.proxy.connections).toEqual([])
  })

  test('connections are counted, with their frames and bytes', async () => {
    await using scene = await setScene()
    const { proxy } = scene
    const before = Date.now()
    const first = await scene.open()
    first.client.send('a')
    first.client.send('b')
    await first.settle()
    await scene.open()
    expect(proxy.dials).toBe(2)
    const [one, two] = proxy.connections
    expect(one).toMatchObject({ number: 1, toServer: { frames: 3 }, toClient: { frames: 1 } })
    expect(two).toMatchObject({ number: 2, toServer: { frames: 0 }, toClient: { frames: 0 } })
    expect(one!.toServer.bytes - two!.toServer.bytes).toBe(7 + 7 + 9)
    expect(one!.openedAt).toBeGreaterThanOrEqual(before - 2)
    expect(one!.openedAt).toBeLessThanOrEqual(Date.now() + 2)
    first.client.terminate()
    await expect.poll(() => proxy.connections.map(({ number }) => number)).toEqual([2])
  })

  test('a wait for a dial ends with the dial, or with the proxy', async () => {
    await using scene = await setScene()
    const { proxy } = scene
    const next = proxy.dialed()
    let both = false
    const second = proxy.dialed(2).then(() => (both = true))
    await scene.open()
    await next
    await proxy.dialed(1)
    expect(both).toBe(false)
    await scene.open()
    await second
    const third = proxy.dialed()
    await proxy.close()
    await expect(third).rejects.toMatchObject({ code: 'disposed' })
    await expect(proxy.accept()).rejects.toMatchObject({ code: 'disposed' })
  })

  test('the proxy passes the end of one side on to the other', async () => {
    await using scene = await setScene()
    const { client, peer } = await scene.open()
    const gone = closeCode(client)
    peer.terminate()
    expect(await gone).toBe(1006)
    const other = await scene.open()
    const left = closeCode(other.peer)
    other.client.terminate()
    expect(await left).toBe(1006)
    await expect.poll(() => scene.proxy.connections).toEqual([])
  })

  test('a server that is not there resets who dials', async () => {
    await using proxy = await startFaultProxy({ target: 1 })
    expect(await refusal(proxy.url)).toBe('ECONNRESET')
  })

  test('an answer that is not a WebSocket passes', async () => {
    await using scene = await setScene()
    const answer = await fetch(scene.proxy.url.replace('ws:', 'http:'), { headers: { connection: 'close' } })
    expect(answer.status).toBe(426)
  })
})

describe('frames', () => {
  test('the nth is dropped or doubled, in the direction and the connection of the rule', async () => {
    await using scene = await setScene({
      rules: ['connection 1 toServer frame 2: drop', 'toClient frame 3: duplicate'],
    })
    const first = await scene.open()
    const second = await scene.open()
    for (const text of ['1', '2', '3'])
      for (const { client, peer } of [first, second]) {
        client.send(`${text} to`)
        peer.send(`${text} from`)
      }
    await first.settle()
    await second.settle()
    expect(scene.heard.toSorted()).toEqual(['1 to', '1 to', '2 to', '3 to', '3 to', 'end', 'end'])
    for (const { heard } of [first, second])
      expect(heard).toEqual(['1 from', '2 from', '3 from', '3 from', 'end'])
  })

  test('a message in fragments is one', async () => {
    await using scene = await setScene({ rules: ['toServer frame 1: drop', 'toServer frame 2: duplicate'] })
    const { client, settle } = await scene.open()
    for (const text of ['lost', 'twice']) {
      client.send(text, { fin: false })
      client.ping()
      client.send('!', { fin: true })
    }
    await settle()
    expect(scene.heard).toEqual(['twice!', 'twice!', 'end'])
  })

  test('a lost close leaves the closing handshake hanging', async () => {
    await using scene = await setScene({ rules: ['toServer control frame 1: drop'] })
    const { client, peer } = await scene.open()
    client.close(1000)
    await expect.poll(() => scene.proxy.connections[0]!.toServer.bytes).toBeGreaterThan(0)
    await roundTrips(scene)
    expect([client.readyState, peer.readyState]).toEqual([WebSocket.CLOSING, WebSocket.OPEN])
  })

  test.for(['cut', 'reset'] as const)('a %s in place of a frame lets all through before it', async (how) => {
    await using scene = await setScene({ rules: [`toServer frame 3: ${how}`] })
    const { client, peer } = await scene.open()
    const ends = Promise.all([closeCode(client), closeCode(peer)])
    for (const text of ['1', '2', '3', '4']) client.send(text)
    expect(await ends).toEqual([1006, 1006])
    expect(scene.heard).toEqual(['1', '2'])
    const again = await scene.open()
    again.client.send('5')
    await again.settle()
    expect(scene.heard).toEqual(['1', '2', '5', 'end'])
  })

  test('a rule that was taken back does nothing', async () => {
    await using scene = await setScene()
    const undo = scene.proxy.rule({ action: 'drop', direction: 'toServer', frames: { from: 1 } })
    const { client, settle } = await scene.open()
    client.send('lost')
    await expect.poll(() => scene.proxy.connections[0]!.toServer.frames).toBe(1)
    undo()
    undo()
    client.send('kept')
    await settle()
    expect(scene.heard).toEqual(['kept', 'end'])
  })
})

describe('a black hole', () => {
  test.for(['toServer', 'toClient'] as const)('%s leaves the other direction alone', async (direction) => {
    await using scene = await setScene()
    const { client, peer, heard } = await scene.open()
    const heal = scene.proxy.blackHole(direction)
    const [from, to, into, out] =
      direction === 'toServer' ? [client, peer, scene.heard, heard] : [peer, client, heard, scene.heard]
    from.send('held')
    to.send('passes')
    await expect.poll(() => out).toEqual(['passes'])
    expect(into).toEqual([])
    heal()
    await expect.poll(() => into).toEqual(['held'])
  })

  test('a black hole holds back the end of a connection until it is healed', async () => {
    await using scene = await setScene()
    const { client, peer } = await scene.open()
    scene.proxy.blackHole('toClient')
    peer.send('late')
    const gone = once(client, 'close')
    const message = once(client, 'message')
    peer.terminate()
    await once(peer, 'close')
    await roundTrips(scene)
    expect(client.readyState).toBe(WebSocket.OPEN)
    expect(scene.proxy.connections).toHaveLength(1)
    scene.proxy.heal()
    expect(String((await message)[0])).toBe('late')
    expect((await gone)[0]).toBe(1006)
  })

  test('swallows new connections too, and heals', async () => {
    await using scene = await setScene({ rules: ['both: black-hole'] })
    const opened = scene.open()
    await scene.proxy.dialed(1)
    await expect.poll(() => scene.proxy.connections[0]?.toServer.bytes).toBeGreaterThan(100)
    expect(scene.server.clients.size).toBe(0)
    scene.proxy.heal()
    await (await opened).settle()
  })

  test('of the open connections leaves new ones alone', async () => {
    await using scene = await setScene()
    const old = await scene.open()
    scene.proxy.rule('open connections: black-hole')
    old.client.send('held')
    await (await scene.open()).settle()
    expect(scene.heard).toEqual(['end'])
    scene.proxy.heal()
    await expect.poll(() => scene.heard).toEqual(['end', 'held'])
  })

  test('is forgotten with a connection that was reset meanwhile', async () => {
    await using scene = await setScene()
    const { client, peer } = await scene.open()
    scene.proxy.blackHole()
    client.send('held')
    await expect.poll(() => scene.proxy.connections[0]!.toServer.frames).toBe(1)
    const ends = Promise.all([closeCode(client), closeCode(peer)])
    scene.proxy.reset()
    expect(await ends).toEqual([1006, 1006])
    scene.proxy.heal()
    await (await scene.open()).settle()
    expect(scene.heard).toEqual(['end'])
  })

  test('holds the sender up, and not the memory of the proxy', async () => {
    await using scene = await setScene()
    const { client, settle } = await scene.open()
    scene.proxy.blackHole('toServer')
    const megabyte = Buffer.alloc(1_000_000)
    for (let count = 0; count < 40; count++) client.send(megabyte)
    const taken = (): number => scene.proxy.connections[0]!.toServer.bytes
    await expect.poll(taken).toBeGreaterThan(1_000_000)
    await roundTrips(scene)
    expect(taken()).toBeLessThan(2_000_000)
    expect(client.bufferedAmount).toBeGreaterThan(10_000_000)
    scene.proxy.heal()
    await settle()
    expect(scene.heard).toHaveLength(41)
  })

  test('with a beginning and an end in time passes on what it held', async () => {
    await using scene = await setScene()
    const { client, settle } = await scene.open()
    scene.proxy.rule('toServer for 60ms: black-hole')
    client.send('held')
    await settle()
    expect(scene.heard).toEqual(['held', 'end'])
  })
})

describe('a receiver that reads nothing', () => {
  test('holds the sender up through the proxy', async () => {
    await using scene = await setScene()
    const { client, peer, settle } = await scene.open()
    peer.pause()
    const megabyte = Buffer.alloc(1_000_000)
    for (let count = 0; count < 60; count++) client.send(megabyte)
    await expect.poll(() => scene.proxy.connections[0]!.toServer.bytes).toBeGreaterThan(2_000_000)
    await roundTrips(scene)
    expect(client.bufferedAmount).toBeGreaterThan(10_000_000)
    peer.resume()
    await settle()
    expect(scene.heard).toHaveLength(61)
  })
})

describe('time', () => {
  test('a delay lets everything arrive in order', async () => {
    await using scene = await setScene({ rules: ['both: delay 30ms'] })
    const { client, settle } = await scene.open()
    for (let number = 0; number < 50; number++) client.send(String(number))
    await settle()
    expect(scene.heard).toEqual([...Array(50).keys(), 'end'].map(String))
  })

  test('a throttle lets everything through in the end', async () => {
    await using scene = await setScene()
    const { client, settle } = await scene.open()
    scene.proxy.rule('toServer: throttle 100kB/s')
    client.send('x'.repeat(20_000))
    await settle()
    expect(scene.heard.map(({ length }) => length)).toEqual([20_000, 3])
  })

  test.for(['delay 10min', 'throttle 1B/s'])(
    'what waits for a %s goes on when it is taken back',
    async (what) => {
      await using scene = await setScene()
      const { client, peer, heard } = await scene.open()
      const undo = scene.proxy.rule(`toServer: ${what}`)
      client.send('held')
      await expect.poll(() => scene.proxy.connections[0]!.toServer.frames).toBe(1)
      peer.send('passes')
      await expect.poll(() => heard).toEqual(['passes'])
      expect(scene.heard).toEqual([])
      undo()
      await expect.poll(() => scene.heard).toEqual(['held'])
    },
  )

  test('a connection is cut when its time has come', async () => {
    await using scene = await setScene()
    const { client, peer } = await scene.open()
    scene.proxy.rule('connection 1 after 20ms: cut')
    expect(await Promise.all([closeCode(client), closeCode(peer)])).toEqual([1006, 1006])
    await (await scene.open()).settle()
  })

  test('a server that accepts late is silent, and then as it was', async () => {
    await using scene = await setScene({
      rules: ['connection 1: accept late 60ms', 'connection 2: accept late 10min'],
    })
    await (await scene.open()).settle()
    const opened = scene.open()
    await expect.poll(() => scene.proxy.connections[1]?.toServer.bytes).toBeGreaterThan(100)
    await roundTrips(scene)
    expect(scene.server.clients.size).toBe(1)
    scene.proxy.heal()
    await (await opened).settle()
  })

  test('a rule that waits for its time leaves no timer behind when all is closed', async () => {
    await using scene = await setScene({ rules: ['both after 10min: cut', 'toServer: delay 10min'] })
    const socket = connect(scene.proxy.port, '127.0.0.1')
    const closed = once(socket, 'close')
    socket.write('GET / HTTP/1.1\r\n\r\n')
    await expect.poll(() => scene.proxy.connections[0]?.toServer.bytes).toBe(18)
    await scene.proxy.close()
    await closed
  })
})

describe('connections', () => {
  test('the nth is refused, and the next is not', async () => {
    await using scene = await setScene({ rules: ['connection 2: refuse'] })
    await (await scene.open()).settle()
    expect(await refusal(scene.proxy.url)).toBe('ECONNRESET')
    expect(scene.proxy.dials).toBe(2)
    await (await scene.open()).settle()
  })

  test('all are refused by a closed port, which is opened again, while those that are open stay', async () => {
    await using scene = await setScene()
    const { proxy } = scene
    const { settle } = await scene.open()
    for (let round = 0; round < 3; round++) {
      proxy.refuse()
      proxy.refuse()
      expect(await refusal(proxy.url)).toBe('ECONNREFUSED')
      await settle()
      await Promise.all([proxy.accept(), proxy.accept()])
      await (await scene.open()).settle()
    }
    expect(proxy.dials).toBe(4)
  })

  test('of two orders at once the later holds', async () => {
    await using scene = await setScene()
    const { proxy } = scene
    proxy.refuse()
    const opening = proxy.accept()
    proxy.refuse()
    await opening
    expect(await refusal(proxy.url)).toBe('ECONNREFUSED')
    const again = proxy.accept()
    proxy.refuse()
    await Promise.all([again, proxy.accept()])
    await (await scene.open()).settle()
  })

  test.for(['cut', 'reset'] as const)(
    'all are ended by %s, at both ends, and new ones are let in',
    async (how) => {
      await using scene = await setScene()
      const ends = [await scene.open(), await scene.open()].flatMap(({ client, peer }) => [client, peer])
      const closed = Promise.all(ends.map(closeCode))
      scene.proxy[how]()
      expect(scene.proxy.connections).toEqual([])
      expect(await closed).toEqual([1006, 1006, 1006, 1006])
      await (await scene.open()).settle()
    },
  )

  test('a cut is an end, and a reset is an error', async () => {
    await using scene = await setScene()
    const end = async (how: 'cut' | 'reset'): Promise<string> => {
      const socket = connect(scene.proxy.port, '127.0.0.1')
      await scene.proxy.dialed(scene.proxy.dials + 1)
      const ended = new Promise<string>((resolve) => {
        socket.on('error', ({ code }: { code?: string }) => resolve(code!))
        socket.on('end', () => resolve('end'))
      })
      socket.resume()
      scene.proxy[how]()
      return ended
    }
    expect(await end('cut')).toBe('end')
    expect(await end('reset')).toBe('ECONNRESET')
  })

  test('a closed port is not assigned to another process', async () => {
    await using scene = await setScene()
    expect(scene.proxy.port).toBeGreaterThanOrEqual(20_000)
    expect(scene.proxy.port).toBeLessThan(32_000)
  })

  test('a server that writes on after a cut is let go by closing the proxy', async () => {
    const held: Socket[] = []
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      held.push(socket)
      socket.on('error', () => {})
      socket.resume()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const proxy = await startFaultProxy({ target: (server.address() as { port: number }).port })
    const client = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true })
    client.resume()
    await once(server, 'connection')
    const ended = Promise.all([once(client, 'end'), once(held[0]!, 'end')])
    proxy.cut()
    await ended
    await proxy.close()
    for (const socket of [client, ...held]) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('what is asked of it', () => {
  test.for(['wss://127.0.0.1:1', 'http://127.0.0.1:1', 'nowhere', 0, 70_000])(
    'the target %s is refused',
    async (target) => {
      await expect(startFaultProxy({ target })).rejects.toMatchObject({ code: 'misuse' })
    },
  )

  test('an invalid rule is rejected before anything is opened', async () => {
    await expect(startFaultProxy({ target: 1, rules: ['both: drip'] })).rejects.toThrow(
      '  both: drip\n        ^^^^',
    )
  })
})
