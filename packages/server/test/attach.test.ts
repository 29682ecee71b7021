import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import express from 'express'
import fastify from 'fastify'
import { WebSocketServer } from 'ws'
import { describe, expect, it, vi } from 'vitest'
import { createHub } from '../src/index.ts'
import { dial } from './support/raw-client.ts'
import { listen, serve, shut } from './support/serve.ts'

vi.setConfig({ testTimeout: 20_000 })

/** The status with which an upgrade is answered, or `none` if nobody answers for a while. */
async function answerOf(
  port: number,
  path: string,
  headers: Record<string, string> = {},
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
  const timer = setTimeout(() => resolve('none'), 200)
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
    expect(await answerOf(served.port, '/nobody')).toBe('none')
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
    expect(await answerOf(port, '/live')).not.toBe(101)
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

  it('is flooded at some point, and then answers with 503 only', async () => {
    await using served = await serve({ limits: { maxConnections: 1 } })
    // These do not answer the close, so they stay for a while.
    const sockets = Array.from({ length: 101 }, () => handshake(served.port, '/ws'))
    await vi.waitFor(() => expect(served.hub.stats().connections).toBe(101), 15_000)
    expect(await answerOf(served.port, '/ws')).toBe(503)
    for (const socket of sockets) socket.destroy()
    await vi.waitFor(() => expect(served.hub.stats().connections).toBe(0), 15_000)
    expect(served.hub.stats()).toMatchObject({ accepted: 1, refused: 101 })
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
})
