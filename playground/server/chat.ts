import type { Server } from 'node:http'
import { WebSocketServer, type WebSocket } from 'ws'
import { readFrame, type Incoming, type Outgoing } from './frames.ts'
import { isOwnPage } from './own-page.ts'
import { roomOf } from './query.ts'
import { createRoom } from './room.ts'

interface Peer {
  readonly socket: WebSocket
  readonly id: string
  readonly room: string
  /** The secret of the page, by which its next connection replaces this one. */
  key?: string | undefined
  isAlive: boolean
  recentFrames: number
}

/** A chat at `/ws` of an HTTP server: an ordinary plain JSON server without Holdfast. */
export function createChatServer(
  http: Server,
  { room = createRoom(), pingInterval = 20_000, framesPerSecond = 100, maxBufferedBytes = 1_048_576 } = {},
): { close(): void } {
  const peers = new Set<Peer>()
  const sockets = new WebSocketServer({
    server: http,
    path: '/ws',
    maxPayload: 65_536,
    perMessageDeflate: false,
    verifyClient: ({ origin, req }, done) => done(isOwnPage(origin, req), 403),
  })

  const send = (to: Peer, text: string): void => {
    // A peer that reads too slowly would fill the memory; a close frame would be queued behind all that data.
    if (to.socket.bufferedAmount > maxBufferedBytes) to.socket.terminate()
    else if (to.socket.readyState === to.socket.OPEN) to.socket.send(text)
  }
  const reply = (to: Peer, frame: Outgoing): void => send(to, JSON.stringify(frame))
  const stopListening = room.listen((news, isFor) => {
    const text = JSON.stringify(news)
    for (const peer of peers) if (isFor(peer.id)) send(peer, text)
  })

  const leave = (peer: Peer): void => {
    if (peers.delete(peer)) room.leave(peer.id)
  }

  const join = (peer: Peer, wanted: string, key = peer.key): void => {
    for (const old of peers) {
      if (!key || old.key !== key || old === peer) continue
      old.socket.close(4409) // superseded
      leave(old)
    }
    peer.key = key
    reply(peer, { type: 'welcome', ...room.join(peer.id, wanted, peer.room) })
  }

  const answer = (peer: Peer, frame: Incoming): void => {
    if (frame.type === 'ping') return reply(peer, { type: 'pong' })
    if (frame.type === 'join') return join(peer, frame.name, frame.key)
    if (frame.type === 'invalid') return reply(peer, { type: 'error', message: frame.reason })
    if (!room.has(peer.id)) return reply(peer, { type: 'error', message: 'join first' })
    if (frame.type === 'typing') room.typing(peer.id)
    else room.say(peer.id, frame.message)
  }

  let lastId = 0
  sockets.on('connection', (socket, request) => {
    const id = String(++lastId)
    const peer: Peer = { socket, id, room: roomOf(request), isAlive: true, recentFrames: 0 }
    peers.add(peer)
    socket.on('message', (data, isBinary) => {
      // Pausing the socket slows a flood down without loss.
      if (++peer.recentFrames === framesPerSecond) socket.pause()
      answer(peer, readFrame(data as Buffer, isBinary))
    })
    socket.on('pong', () => (peer.isAlive = true))
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => leave(peer))
  })

  const dropDead = setInterval(() => {
    for (const peer of peers) {
      if (!peer.isAlive) peer.socket.terminate() // it did not answer the last ping
      peer.isAlive = false
      peer.socket.ping()
    }
  }, pingInterval)
  const readOn = setInterval(() => {
    for (const peer of peers) {
      peer.recentFrames = 0
      peer.socket.resume()
    }
  }, 1_000)

  return {
    close() {
      clearInterval(dropDead)
      clearInterval(readOn)
      stopListening()
      const impatience = setTimeout(() => sockets.clients.forEach((socket) => socket.terminate()), 1_000)
      sockets.close(() => clearTimeout(impatience))
      for (const socket of sockets.clients) socket.close(1001)
    },
  }
}
