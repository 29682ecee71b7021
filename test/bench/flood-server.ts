// A server that costs its clients as little as possible: it accepts every upgrade, reads and forgets what it is sent,
// and for `/flood?count=n` writes n prepared frames of one 100-byte event as fast as the connection takes them.
//
// For `/session?count=n&pack=k` it does so on the session wire, with k events in each message, and keeps to the window.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { tell } from './child.ts'
import { ok } from './memory-socket.ts'

export const chat = 'chat'
export const message = { from: 'somebody', room: 'general', text: 'x'.repeat(24), at: 1_700_000_000 }
export const event = { type: chat, ...message }
const text = JSON.stringify(event)
if (text.length !== 100) throw new Error(`the event has ${text.length} bytes`)

const eventsPerWrite = 256
/** How many events a client of the session wire takes ahead of its acks, by default. */
const window = 1_024

if (import.meta.main) {
  const http = createServer()
  const acceptor = new WebSocketServer({ noServer: true })
  http.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {})
    const { pathname, searchParams } = new URL(request.url!, 'http://localhost')
    const count = Number(searchParams.get('count'))
    if (pathname === '/session')
      return acceptor.handleUpgrade(request, socket, head, (accepted) =>
        hold(accepted, socket, count, Number(searchParams.get('pack'))),
      )
    // RFC 6455, section 4.2.2
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    socket.resume()
    if (count > 0) void flood(socket, count)
  })
  http.listen(0, '127.0.0.1', () => tell((http.address() as AddressInfo).port))
}

/** A final text frame: RFC 6455, section 5.2. */
export function frameOf(payload: string): Buffer {
  const { length } = payload
  const head = length < 126 ? [0x81, length] : [0x81, 126, length >> 8, length & 255]
  return Buffer.concat([Buffer.from(head), Buffer.from(payload)])
}

async function flood(socket: Duplex, count: number): Promise<void> {
  const frame = frameOf(text)
  const frames = Buffer.concat(Array.from({ length: eventsPerWrite }, () => frame))
  for (let left = count; left > 0 && !socket.destroyed; left -= eventsPerWrite) {
    const chunk = left < eventsPerWrite ? frames.subarray(0, left * frame.length) : frames
    if (!socket.write(chunk)) await once(socket, 'drain').catch(() => {})
  }
}

function hold(accepted: WebSocket, socket: Duplex, count: number, pack: number): void {
  const body = `,0,"${chat}",${JSON.stringify(message)}]`
  let sent = 0
  let acked = 0

  const write = (): void => {
    while (sent < count && !socket.destroyed) {
      const last = Math.min(sent + eventsPerWrite, count)
      if (last > acked + window) return
      const messages: Buffer[] = []
      while (sent < last) {
        const frames: string[] = []
        while (sent < last && frames.length < pack) frames.push(`[${++sent}${body}`)
        messages.push(frameOf(frames.length === 1 ? frames[0]! : `[${frames.join(',')}]`))
      }
      socket.write(Buffer.concat(messages))
    }
  }

  accepted.on('message', (data: Buffer) => {
    const [name, value] = JSON.parse(data.toString()) as [string, number]
    if (name === 'hi') accepted.send(ok)
    if (name !== 'a') return
    acked = value
    write()
  })
  accepted.send('["holdfast",{"v":1}]')
}
