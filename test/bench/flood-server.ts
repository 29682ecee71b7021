// A server that costs its clients as little as possible: it accepts every upgrade, reads and forgets what it is sent,
// and for `/flood?count=n` writes n prepared frames of one 100-byte event as fast as the connection takes them.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { tell } from './child.ts'

export const event = {
  type: 'chat',
  from: 'somebody',
  room: 'general',
  text: 'x'.repeat(24),
  at: 1_700_000_000,
}
const text = Buffer.from(JSON.stringify(event))
if (text.length !== 100) throw new Error(`the event has ${text.length} bytes`)

const framesPerWrite = 256
// RFC 6455, section 5.2: a final text frame of up to 125 bytes.
const frame = Buffer.concat([Buffer.from([0x81, text.length]), text])
const frames = Buffer.concat(Array.from({ length: framesPerWrite }, () => frame))

if (import.meta.main) {
  const http = createServer()
  http.on('upgrade', (request, socket) => {
    // RFC 6455, section 4.2.2
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    socket.on('error', () => {})
    socket.resume()
    const count = new URL(request.url!, 'http://localhost').searchParams.get('count')
    if (count) void flood(socket, Number(count))
  })
  http.listen(0, '127.0.0.1', () => tell((http.address() as AddressInfo).port))
}

async function flood(socket: Duplex, count: number): Promise<void> {
  for (let left = count; left > 0 && !socket.destroyed; left -= framesPerWrite) {
    const chunk = left < framesPerWrite ? frames.subarray(0, left * frame.length) : frames
    if (!socket.write(chunk)) await once(socket, 'drain').catch(() => {})
  }
}
