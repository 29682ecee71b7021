import type { IncomingMessage, RequestListener, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { isSendable, troubleFigures as figures, troubles, type Trouble } from '../trouble.ts'
import { flood, lineSink, sessionSink } from './flood.ts'
import { createLine, type Line } from './line.ts'
import { pageOf } from './query.ts'
import { closeFrame } from './raw-frames.ts'
import type { SessionChat } from './session-chat.ts'
import { createShortMemory } from './short-memory.ts'

interface Connection {
  readonly page: string
  readonly path: string
  readonly line: Line
}

/** The connections of a page that a flood affects: only the chat, on either wire. */
const floodedPaths = ['/ws', '/session']

/**
 * Faults for single pages, below the servers, which do not know of them.
 *
 * A page identifies itself in the query of its socket's URL, and requests a fault with `POST /trouble/<kind>?page=…`.
 * A request without the id of a connected page has no effect, not even a restart. `POST /trouble/heal?page=…` ends the
 * faults that would last.
 */
export function createTrouble(
  http: Server,
  {
    serverFor,
    restart,
    visitor,
    refuseDuration = figures.refuseDuration,
    slowDuration = figures.slowDuration,
    slowness = figures.slowness,
  }: {
    /** Returns the server that handles the upgrades for a path. It need not listen. */
    readonly serverFor: (path: string) => Server
    readonly restart: (how: 'restart' | 'drain') => void
    /** A session cannot be flooded below its server: its messages are numbered. */
    readonly visitor?: SessionChat['visitor']
    readonly refuseDuration?: number
    readonly slowDuration?: number
    readonly slowness?: number
  },
): RequestListener {
  const connections = new Set<Connection>()
  const flooded = new WeakSet<Line>()
  const delay = (page: string, pause: number): void => {
    for (const { page: owner, line } of connections) if (owner === page) line.delay(pause)
  }
  const refused = createShortMemory(refuseDuration)
  const slow = createShortMemory(slowDuration, (page) => delay(page, 0))

  http.on('close', () => {
    refused.clear()
    slow.clear()
  })
  http.on('upgrade', (request, socket: Duplex, head) => {
    if (socket.destroyed) return // An outage was faster.
    const page = pageOf(request) ?? ''
    if (refused.has(page)) return refuse(socket)
    const path = pathOf(request)
    const server = serverFor(path)
    // A drained hub accepts no more connections.
    if (server.listenerCount('upgrade') === 0) return refuse(socket)
    const line = createLine(socket)
    if (slow.has(page)) line.delay(slowness)
    const connection = { page, path, line }
    connections.add(connection)
    line.stream.on('close', () => connections.delete(connection))
    server.emit('upgrade', request, line.stream, head)
  })

  const startFlood = (own: readonly Connection[], count: number, rate?: number): number => {
    const connection = own.findLast(({ path }) => floodedPaths.includes(path))
    if (!connection) return 404
    const { line, page, path } = connection
    if (flooded.has(line)) return 409
    const peer = visitor?.(page)
    if (path === '/session' && !peer) return 404
    flooded.add(line)
    const sink = path === '/session' && peer ? sessionSink(peer) : lineSink(line)
    void flood(sink, count, rate).finally(() => flooded.delete(line))
    return 204
  }

  const make = (trouble: Trouble, page: string, own: readonly Connection[], code: number): number => {
    switch (trouble) {
      case 'black-hole':
        for (const { line } of own) line.blackHole()
        break
      case 'close':
        if (!isSendable(code)) return 400
        for (const { line } of own) void line.injectLast(closeFrame(code))
        break
      case 'refuse':
        refused.add(page)
        break
      case 'slow':
        delay(page, slowness)
        slow.add(page)
        break
      case 'stream':
        return startFlood(own, figures.streamCount, figures.streamRate)
      case 'flood':
        return startFlood(own, figures.floodCount)
      case 'restart':
      case 'drain':
        setImmediate(restart, trouble) // The response is sent first.
        break
    }
    return 204
  }

  const heal = (page: string): number => {
    const [wasRefused, wasSlow] = [refused.remove(page), slow.remove(page)]
    return wasRefused || wasSlow ? 204 : 404
  }

  return (request, response) => {
    const kind = pathOf(request).split('/')[2] ?? ''
    const page = pageOf(request)
    if (kind === 'heal') return void response.writeHead(heal(page ?? '')).end()
    const own = [...connections].filter((connection) => connection.page === page)
    const code = Number(new URLSearchParams(request.url?.split('?', 2)[1]).get('code'))
    const isKnown = page && own.length > 0 && Object.hasOwn(troubles, kind)
    response.writeHead(isKnown ? make(kind as Trouble, page, own, code) : 404).end()
  }
}

function refuse(socket: Duplex): void {
  socket.on('error', () => {}) // The client may have disconnected.
  socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? ''
}
