import { once } from 'node:events'
import { createServer, request, Server } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { createSecureServer } from 'node:http2'
import { createServer as createTlsServer } from 'node:https'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import express from 'express'
import fastify from 'fastify'
import { WebSocketServer } from 'ws'
import { describe, expect, it, vi } from 'vitest'
import { createHub } from '../src/index.ts'
import { dial } from './support/raw-client.ts'
import { listen, serve, shut } from './support/serve.ts'

/** The status with which an upgrade is answered, or `none` if nobody answers for a while. */
async function answerOf(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  patience = 60_000,
): Promise<number | 'none'> {
  const asking = request({
    host: '127.0.0.1',
    port,
    path,
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      ...headers,
    },
  })
  asking.end()
  const { promise, resolve } = Promise.withResolvers<number | 'none'>()
  asking.on('response', ({ statusCode }) => resolve(statusCode!))
  asking.on('upgrade', ({ statusCode }, socket) => {
    socket.destroy()
    resolve(statusCode!)
  })
  asking.on('error', () => resolve('none'))
  const timer = setTimeout(() => resolve('none'), patience)
  const answer = await promise
  clearTimeout(timer)
  asking.destroy()
  return answer
}

/** A socket that asks for an upgrade, and does nothing else. */
function handshake(port: number, path: string): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  )
  return socket
}

async function textOf(port: number, path: string): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}${path}`)).text()
}

describe('attached to a server', () => {
  it('takes the upgrades of its path, with a query or without, and no others', async () => {
    await using served = await serve()
    for (const query of ['', '?a=1', '?']) {
      await using client = await dial(served.url + query)
      expect(await client.next()).toEqual(['holdfast', { v: 1 }])
    }
    for (const path of ['/', '/ws/', '/wss', '/other?/ws', '//ws', '/WS', '*'])
      expect(await answerOf(served.port, path)).toBe(404)
    expect(await textOf(served.port, '/ws')).toBe('plain')
  })

  it('leaves all other upgrades to others that listen for them, even if nobody answers', async () => {
    await using served = await serve()
    const others = new WebSocketServer({ noServer: true })
    const abandoned: Duplex[] = []
    served.server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (incoming.url === '/other')
        others.handleUpgrade(incoming, socket, head, (ws) => ws.send('["other"]'))
      else if (incoming.url === '/nobody') abandoned.push(socket)
    })
    await using other = await dial(`ws://127.0.0.1:${served.port}/other`)
    expect(await other.next()).toEqual(['other'])
    await using ours = await dial(served.url)
    expect(await ours.next()).toEqual(['holdfast', { v: 1 }])
    expect(await answerOf(served.port, '/nobody', {}, 200)).toBe('none')
    for (const socket of abandoned) socket.destroy()
    others.close()
  })

  it('shares a server with another hub, of which one answers for what neither takes', async () => {
    await using served = await serve()
    await using second = createHub()
    second.attach(served.server, { path: '/second' })
    await using one = await dial(served.url)
    await using two = await dial(`ws://127.0.0.1:${served.port}/second`)
    await one.greet()
    await two.greet()
    expect([served.hub.peers.size, second.peers.size]).toEqual([1, 1])
    expect(await answerOf(served.port, '/nobody')).toBe(404)
  })

  it('survives a second hub on the same path', async () => {
    await using served = await serve()
    const reported: unknown[] = []
    await using second = createHub({ ports: { report: (error) => reported.push(error) } })
    second.attach(served.server)
    await using client = await dial(served.url)
    await client.greet()
    expect(served.hub.peers.size).toBe(1)
    expect(reported).toHaveLength(1)
  })

  it('takes nothing any more when it is taken off, and keeps what it has', async () => {
    const hub = createHub()
    const server = createServer()
    const detach = hub.attach(server, { path: '/live' })
    const port = await listen(server)
    await using client = await dial(`ws://127.0.0.1:${port}/live`)
    await client.greet()
    detach()
    detach()
    expect(server.listenerCount('upgrade')).toBe(0)
    expect(await answerOf(port, '/live', {}, 500)).not.toBe(101)
    hub.broadcast('still', 1)
    expect(await client.until('frame')).toEqual([1, 0, 'still', 1])
    await hub.close()
    expect(await client.closed).toMatchObject({ code: 1012 })
    await shut(server)
  })

  it('is taken off by close', async () => {
    const hub = createHub()
    const server = createServer()
    hub.attach(server)
    await hub.close()
    expect(server.listenerCount('upgrade')).toBe(0)
    expect(() => hub.attach(server)).toThrow('closed')
  })

  it('refuses a path that is none', () => {
    expect(() => createHub().attach(createServer(), { path: 'ws' })).toThrow('begins with')
  })

  it('answers what is no proper handshake', async () => {
    await using served = await serve()
    expect(await answerOf(served.port, '/ws', { 'sec-websocket-key': 'short' })).toBe(400)
    expect(await answerOf(served.port, '/ws', { 'sec-websocket-version': '1' })).toBe(400)
    expect(await answerOf(served.port, '/ws', { upgrade: 'h2c' })).toBe(400)
    expect(served.hub.stats()).toMatchObject({ accepted: 0, refused: 3 })
  })

  it('survives a client that goes in the middle of a handshake', async () => {
    await using served = await serve()
    for (const path of ['/ws', '/nobody']) {
      const socket = handshake(served.port, path)
      await once(socket, 'connect')
      socket.resetAndDestroy()
    }
    await using client = await dial(served.url)
    await client.greet()
    expect(served.hub.stats().connections).toBe(1)
  })

  it('answers pages of other origins with 403, and counts them', async () => {
    await using served = await serve()
    const refused: unknown[] = []
    served.hub.watch('refused', ({ code, request: { headers } }) => refused.push([code, headers['origin']]))
    expect(await answerOf(served.port, '/ws', { origin: 'https://evil.com' })).toBe(403)
    expect(await answerOf(served.port, '/ws', { origin: `http://127.0.0.1:${served.port}` })).toBe(101)
    expect(refused).toEqual([[4403, 'https://evil.com']])
    expect(served.hub.stats().refused).toBe(1)
  })

  it('answers a page with 403 that has come to this machine by a name that somebody else owns', async () => {
    await using served = await serve()
    const page = (host: string) => ({ host, origin: `http://${host}` })
    expect(await answerOf(served.port, '/ws', page(`evil.example:${served.port}`))).toBe(403)
    expect(await answerOf(served.port, '/ws', page(`localhost:${served.port}`))).toBe(101)
    expect(served.warned).toMatchObject([expect.stringContaining("createHub({ hosts: ['evil.example'] })")])
  })

  it('takes pages by any name when it listens on every address', async () => {
    await using hub = createHub()
    const server = createServer()
    hub.attach(server)
    server.listen(0, '0.0.0.0')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    expect(await answerOf(port, '/ws', { host: 'example.com', origin: 'https://example.com' })).toBe(101)
    await hub.close()
    await shut(server)
  })

  it('closes a page with 1013 when the application cannot tell whether it is welcome', async () => {
    await using served = await serve({
      origins() {
        throw new Error('the database is away')
      },
    })
    await using client = await dial(served.url, { origin: 'https://example.com' })
    expect(await client.closed).toMatchObject({ code: 1013, reason: '{"after":[1000,10000]}' })
    expect(served.reported).toEqual([new Error('the database is away')])
  })

  it('is flooded at some point, and then answers with 503 only', async () => {
    // Connections that do not answer the close are dropped after a while; on this clock no time passes.
    const clock = { now: () => 0, wall: () => 0, setTimer: () => undefined, clearTimer() {} }
    await using served = await serve({ limits: { maxConnections: 1 }, ports: { clock } })
    const sockets = Array.from({ length: 101 }, () => handshake(served.port, '/ws'))
    await vi.waitFor(() => expect(served.hub.stats().connections).toBe(101), 15_000)
    expect(await answerOf(served.port, '/ws')).toBe(503)
    for (const socket of sockets) socket.destroy()
    await vi.waitFor(() => expect(served.hub.stats().connections).toBe(0), 15_000)
    expect(served.hub.stats()).toMatchObject({ accepted: 1, refused: 101 })
  })
})

/** What else listens on a server: it says `["other"]` to whoever comes to `/other`. */
const others: Readonly<Record<string, (server: Server) => void>> = {
  'a WebSocketServer with a path': (server) => welcome(new WebSocketServer({ server, path: '/other' })),
  'a WebSocketServer without a path': (server) => welcome(new WebSocketServer({ server })),
  'a listener that destroys what it does not know': (server) => {
    const acceptor = welcome(new WebSocketServer({ noServer: true }))
    server.on('upgrade', (incoming, socket, head) => {
      if (incoming.url !== '/other') return void socket.destroy()
      acceptor.handleUpgrade(incoming, socket, head, (ws) => acceptor.emit('connection', ws))
    })
  },
}

function welcome(acceptor: WebSocketServer): WebSocketServer {
  return acceptor.on('connection', (socket) => socket.send('["other"]'))
}

describe('attached beside other WebSocket code', () => {
  const pairs = Object.keys(others).flatMap((name) => [
    [name, 'before'],
    [name, 'after'],
  ])

  it.each(pairs)('keeps its clients beside %s, attached %s it', async (name, order) => {
    await using hub = createHub()
    const server = createServer()
    if (order === 'after') others[name]!(server)
    const detach = hub.attach(server)
    if (order === 'before') others[name]!(server)
    const port = await listen(server)
    await using client = await dial(`ws://127.0.0.1:${port}/ws`)
    await client.greet()
    await using other = await dial(`ws://127.0.0.1:${port}/other`)
    expect(await other.next()).toEqual(['other'])
    client.say(['p', 0])
    expect(await client.until('q')).toEqual(['q', 0])

    detach()
    await using another = await dial(`ws://127.0.0.1:${port}/other`)
    expect(await another.next()).toEqual(['other'])
    expect([hub.peers.size, server.listenerCount('upgrade')]).toEqual([1, 1])
    await hub.close()
    server.closeAllConnections()
    server.close()
  })

  it('hides its upgrades from all other listeners, also from one that waits for the next', async () => {
    await using served = await serve()
    const next = once(served.server, 'upgrade') as Promise<[IncomingMessage, Duplex]>
    await using client = await dial(served.url)
    await client.greet()
    const asking = answerOf(served.port, '/other')
    const [incoming, socket] = await next
    expect(incoming.url).toBe('/other')
    socket.destroy()
    await asking
  })

  it('works beside a hub of another copy of the package, and one of both answers for what nobody takes', async () => {
    await using served = await serve()
    vi.resetModules()
    const copy = await import('../src/index.ts')
    await using second = copy.createHub()
    second.attach(served.server, { path: '/second' })
    await using one = await dial(served.url)
    await using two = await dial(`ws://127.0.0.1:${served.port}/second`)
    await one.greet()
    await two.greet()
    expect([served.hub.peers.size, second.peers.size]).toEqual([1, 1])
    expect(await answerOf(served.port, '/nobody')).toBe(404)
  })

  it('removes only itself when it is taken off, in any order', async () => {
    await using first = createHub()
    await using second = createHub()
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const server = createServer((_, response) => response.end('plain'))
      const detach = [
        first.attach(server, { path: '/first' }),
        second.attach(server, { path: '/second' }),
      ] as const
      const port = await listen(server)
      const [earlier, later] = order as [0 | 1, 0 | 1]
      detach[earlier]()
      detach[earlier]()
      const answers = [await answerOf(port, '/first'), await answerOf(port, '/second')]
      expect([answers[earlier], answers[later]]).toEqual([404, 101])
      detach[later]()
      expect([server.listenerCount('upgrade'), Object.hasOwn(server, 'emit')]).toEqual([0, false])
      expect(await textOf(port, '/second')).toBe('plain')
      server.closeAllConnections()
      server.close()
    }
  })

  it('hands its path over to the hub that was attached to it next', async () => {
    await using served = await serve()
    await using second = createHub({ ports: { report: () => {} } })
    second.attach(served.server)
    await served.hub.close()
    await using client = await dial(served.url)
    await client.greet()
    expect(second.peers.size).toBe(1)
  })

  it('puts back an emit that somebody has replaced before, and leaves one that was replaced after', async () => {
    await using hub = createHub()
    const server = createServer()
    const seen: string[] = []
    const replaceEmit = (name: string): Server['emit'] => {
      const inner = server.emit
      return (server.emit = (event: string, ...values: unknown[]) => {
        if (event === 'upgrade') seen.push(name)
        return Reflect.apply(inner, server, [event, ...values])
      })
    }
    const before = replaceEmit('before')
    const port = await listen(server)
    hub.attach(server)()
    expect(server.emit).toBe(before)

    const detach = hub.attach(server)
    const after = replaceEmit('after')
    expect([await answerOf(port, '/ws'), await answerOf(port, '/nobody')]).toEqual([101, 404])
    expect(seen).toEqual(['after', 'after', 'before'])
    detach()
    expect(server.emit).toBe(after)
    server.once('upgrade', (_, socket) => void socket.end('HTTP/1.1 418 No\r\n\r\n'))
    expect(await answerOf(port, '/ws')).toBe(418)

    hub.attach(server)
    expect(await answerOf(port, '/ws')).toBe(101)
    await hub.close()
    expect(server.emit).toBe(after)
    server.closeAllConnections()
    server.close()
  })

  it('lets tools that trace requests replace the emit of all servers later', async () => {
    await using served = await serve()
    const spy = vi.spyOn(Server.prototype, 'emit')
    expect(await textOf(served.port, '/')).toBe('plain')
    expect(spy.mock.calls.map(([event]) => event)).toContain('request')
    spy.mockRestore()
  })

  it('takes its upgrades of a second server that passes its events on', async () => {
    await using hub = createHub()
    const server = createServer()
    // As Fastify does for 'localhost', with or without a hub at that time.
    const early = createServer().on('upgrade', server.emit.bind(server, 'upgrade'))
    hub.attach(server)
    const late = createServer().on('upgrade', server.emit.bind(server, 'upgrade'))
    for (const passing of [early, late]) {
      const port = await listen(passing)
      await using client = await dial(`ws://127.0.0.1:${port}/ws`)
      await client.greet()
      expect(await answerOf(port, '/nobody')).toBe(404)
    }
    expect(hub.peers.size).toBe(2)
    await hub.close()
    early.close()
    late.close()
  })

  it('works over TLS, also on a server of HTTP/2 that takes HTTP/1', async () => {
    // A key that both ends know needs no certificate.
    const psk = Buffer.from('known')
    const tls = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const
    const options = { ...tls, pskCallback: () => psk }
    for (const server of [
      createTlsServer(options),
      createSecureServer({ ...options, allowHTTP1: true }),
    ] as const) {
      await using hub = createHub()
      hub.attach(server)
      others['a WebSocketServer without a path']!(server as Server)
      const port = await listen(server as Server)
      await using client = await dial(`wss://127.0.0.1:${port}/ws`, {
        ...tls,
        pskCallback: () => ({ psk, identity: 'any' }),
        checkServerIdentity: () => undefined,
      } as object)
      await client.greet()
      expect(hub.peers.size).toBe(1)
      await hub.close()
      server.close()
    }
  })
})

describe('attached to a framework', () => {
  it('works with Express', async () => {
    const app = express()
    app.get('/hello', (_, response) => void response.send('hello'))
    await using hub = createHub()
    const server = createServer(app)
    hub.attach(server)
    const port = await listen(server)
    await using client = await dial(`ws://127.0.0.1:${port}/ws`)
    await client.greet()
    expect(await textOf(port, '/hello')).toBe('hello')
    expect(hub.peers.size).toBe(1)
    await hub.close()
    await shut(server)
  })

  it('works with Fastify', async () => {
    const app = fastify()
    app.get('/hello', () => 'hello')
    await using hub = createHub()
    hub.attach(app.server)
    const address = await app.listen({ port: 0, host: '127.0.0.1' })
    await using client = await dial(`${address.replace('http', 'ws')}/ws`)
    await client.greet()
    expect(await (await fetch(`${address}/hello`)).text()).toBe('hello')
    expect(hub.peers.size).toBe(1)
    await hub.close()
    await app.close()
  })

  it('takes a socket that somebody else has accepted', async () => {
    await using hub = createHub({ origins: ['https://example.com'] })
    const server = createServer()
    const acceptor = new WebSocketServer({ server })
    acceptor.on('connection', (socket, incoming) => hub.accept(socket, incoming))
    const port = await listen(server)
    await using client = await dial(`ws://127.0.0.1:${port}/any`)
    await client.greet()
    expect(hub.peers.size).toBe(1)
    await using stranger = await dial(`ws://127.0.0.1:${port}/any`, { origin: 'https://evil.com' })
    expect((await stranger.closed).code).toBe(4403)
    await hub.close()
    acceptor.close()
    await shut(server)
  })

  it('closes a socket of `ws` that somebody else has accepted when it floods the hub with pings', async () => {
    await using hub = createHub()
    const server = createServer()
    const acceptor = new WebSocketServer({ server })
    acceptor.on('connection', (socket, incoming) => hub.accept(socket, incoming))
    const port = await listen(server)
    await using client = await dial(`ws://127.0.0.1:${port}/any`)
    await client.greet()
    const { socket } = client
    while (socket.readyState === 1) {
      for (let n = 0; n < 20; n++) socket.ping()
      await Promise.race([once(socket, 'pong'), client.closed])
    }
    expect((await client.closed).code).toBe(4429)
    await hub.close()
    acceptor.close()
    await shut(server)
  })
})
