import { readClose } from '@holdfast/protocol'
import type { Payload } from '@holdfast/protocol'
import { WebSocket } from 'ws'
import type { SocketLike } from './ports.ts'

/** Receives the events of a socket. */
export interface SocketListener {
  /** A message has come in, of that many bytes; undefined when it is neither text nor bytes. */
  arrived(payload: Payload | undefined, bytes: number): void
  /** The client has sent a ping of the WebSocket protocol. */
  pinged(): void
  /** The socket has refused a message of the client for its size. A close follows. */
  overlong(): void
  /** The socket is gone. */
  closed(code: number, reason: string): void
}

/** Reports the events of the socket to the listener, until it is closed. */
export function listen(socket: SocketLike, listener: SocketListener): void {
  if (socket instanceof WebSocket) listenToWs(socket, listener)
  else listenToAny(socket, listener)
}

/** A close follows. */
function ignoreError(): void {}

function listenToAny(socket: SocketLike, listener: SocketListener): void {
  socket.binaryType = 'arraybuffer'
  socket.onmessage = ({ data }: { readonly data: unknown }): void => {
    const payload = payloadOf(data)
    listener.arrived(payload, payload === undefined ? 0 : Buffer.byteLength(payload))
  }
  socket.onclose = (event?: unknown): void => {
    socket.onmessage = socket.onclose = null
    close(listener, event)
  }
  socket.onerror = ignoreError
}

const ofSocket = Symbol('listener')

interface WsSocket extends WebSocket {
  [ofSocket]?: SocketListener | undefined
}

/** Sockets of `ws` share these functions, and each knows its listener: functions for each would be most of its memory. */
function listenToWs(socket: WsSocket, listener: SocketListener): void {
  socket[ofSocket] = listener
  socket.binaryType = 'nodebuffer'
  socket.on('message', wsMessage)
  socket.on('ping', wsPing)
  socket.on('close', wsClose)
  socket.on('error', wsError)
}

function wsMessage(this: WsSocket, data: Buffer, isBinary: boolean): void {
  this[ofSocket]?.arrived(isBinary ? payloadOf(data) : String(data), data.length)
}

function wsPing(this: WsSocket): void {
  this[ofSocket]?.pinged()
}

function wsError(this: WsSocket, error: Error): void {
  if ('code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') this[ofSocket]?.overlong()
}

function wsClose(this: WsSocket, code: number, reason: Buffer): void {
  const listener = this[ofSocket]
  this[ofSocket] = undefined
  if (listener) close(listener, { code, reason: String(reason) })
}

function close(listener: SocketListener, event: unknown): void {
  const { code = 1006, text = '' } = readClose(event)
  listener.closed(code, text)
}

/** Not every socket respects its `binaryType`. */
function payloadOf(data: unknown): Payload | undefined {
  if (typeof data === 'string') return data
  if (ArrayBuffer.isView(data))
    return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength)
  return data instanceof ArrayBuffer ? new Uint8Array(data) : undefined
}
