import type { Server } from 'node:http'
import { WebSocketServer, type WebSocket } from 'ws'
import { drinks, symbols, type Scenes } from '../scenes-contract.ts'
import { isOwnPage } from './own-page.ts'
import { createUpload, type Upload } from './upload.ts'

interface Peer {
  readonly socket: WebSocket
  readonly id: string
  readonly upload: Upload
  isAlive: boolean
}

type Events = Scenes['toClient']

/** The server of the scenes beside the chat, at `/scenes` of an HTTP server. As ordinary as the chat server. */
export function createScenesServer(
  http: Server,
  { pingInterval = 20_000, maxBufferedBytes = 1_048_576, uploadBytesPerSecond = 4_194_304 } = {},
): { close(): void } {
  const peers = new Set<Peer>()
  const prices = new Map<string, number>()
  let lastId = 0
  let lastOrder = 0
  const sockets = new WebSocketServer({
    server: http,
    path: '/scenes',
    maxPayload: 262_144,
    perMessageDeflate: false,
    verifyClient: ({ origin, req }, done) => done(isOwnPage(origin, req), 403),
  })

  const send = <Type extends keyof Events>(to: WebSocket, type: Type, data: Events[Type]): void => {
    if (to.bufferedAmount > maxBufferedBytes) to.terminate()
    else if (to.readyState === to.OPEN) to.send(JSON.stringify({ type, ...data }))
  }
  const tellOthers = <Type extends keyof Events>(from: Peer, type: Type, data: Events[Type]): void => {
    for (const peer of peers) if (peer !== from) send(peer.socket, type, data)
  }

  const answer = (peer: Peer, frame: Readonly<Record<string, unknown>>): void => {
    const { type, symbol, price, x, y, drink } = frame
    const reject = (message: string): void => send(peer.socket, 'error', { message })
    switch (type) {
      case 'ping':
        return send(peer.socket, 'pong', {})
      case 'price':
        if (!isOneOf(symbols, symbol) || typeof price !== 'number')
          return reject('price needs a symbol and a price')
        prices.set(symbol, price)
        send(peer.socket, 'price', { symbol, price })
        return tellOthers(peer, 'price', { symbol, price })
      case 'cursor':
        if (!isShare(x) || !isShare(y)) return reject('cursor needs x and y from 0 to 1')
        return tellOthers(peer, 'cursor', { id: peer.id, x, y })
      case 'order':
        if (!isOneOf(drinks, drink)) return reject('order needs a drink that we have')
        return send(peer.socket, 'ordered', { number: ++lastOrder, drink })
      case 'upload':
        return peer.upload.begin(frame['size'])
      default:
        return reject('unknown type')
    }
  }

  sockets.on('connection', (socket) => {
    const upload = createUpload(socket, uploadBytesPerSecond, (type, data) => send(socket, type, data))
    const peer: Peer = { socket, id: String(++lastId), upload, isAlive: true }
    peers.add(peer)
    for (const [symbol, price] of prices) send(socket, 'price', { symbol, price })
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) upload.take(data)
      else answer(peer, readObject(data))
    })
    socket.on('pong', () => (peer.isAlive = true))
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => {
      peers.delete(peer)
      tellOthers(peer, 'gone', { id: peer.id })
    })
  })

  const dropDead = setInterval(() => {
    for (const peer of peers) {
      if (!peer.isAlive) peer.socket.terminate() // it did not answer the last ping
      peer.isAlive = false
      peer.socket.ping()
    }
  }, pingInterval)

  return {
    close() {
      clearInterval(dropDead)
      const impatience = setTimeout(() => sockets.clients.forEach((socket) => socket.terminate()), 1_000)
      sockets.close(() => clearTimeout(impatience))
      for (const socket of sockets.clients) socket.close(1001)
    },
  }
}

/** Returns the object in an untrusted frame, or an empty one. Never throws. */
function readObject(data: Buffer): Readonly<Record<string, unknown>> {
  try {
    const frame: unknown = JSON.parse(data.toString())
    return typeof frame === 'object' && frame !== null ? { ...frame } : {}
  } catch {
    return {}
  }
}

function isOneOf<Text extends string>(texts: readonly Text[], value: unknown): value is Text {
  return texts.includes(value as Text)
}

function isShare(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 1
}
