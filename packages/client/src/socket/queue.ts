import { byteLength, textOf } from './arguments.ts'
import type { BlobLike, ReconnectingWebSocketOptions, SocketData } from './types.ts'

/** How many messages may wait, and their bytes. */
type Bounds = Required<Pick<ReconnectingWebSocketOptions, 'maxEnqueuedMessages' | 'maxEnqueuedBytes'>>

/** The messages that wait for a connection, as they were when they were sent. */
export class SendQueue {
  bytes = 0
  readonly #messages: { readonly data: SocketData; readonly bytes: number }[] = []

  /** Returns false if there is no room. */
  push(data: SocketData, { maxEnqueuedMessages, maxEnqueuedBytes }: Bounds): boolean {
    const bytes = sizeOf(data)
    if (this.#messages.length >= maxEnqueuedMessages || this.bytes + bytes > maxEnqueuedBytes) return false
    this.bytes += bytes
    this.#messages.push({ data: snapshot(data), bytes })
    return true
  }

  /** Passes the messages to `write`, the oldest first, until it returns false. */
  flush(write: (data: SocketData) => boolean): void {
    let isOpen = true
    for (const message of this.#messages.splice(0)) {
      isOpen &&= write(message.data)
      if (isOpen) this.bytes -= message.bytes
      else this.#messages.push(message)
    }
  }

  drain(): SocketData[] {
    this.bytes = 0
    return this.#messages.splice(0).map(({ data }) => data)
  }
}

/** In bytes on the wire. */
export function sizeOf(data: SocketData): number {
  if (typeof data === 'string') return byteLength(data)
  return (data as ArrayBuffer).byteLength ?? (data as BlobLike).size
}

/** Text, bytes or a `Blob`; all else is sent as its text. */
export function dataOf(data: unknown): SocketData {
  const { byteLength: bytes, size } = Object(data) as { byteLength?: unknown; size?: unknown }
  return typeof bytes === 'number' || typeof size === 'number' ? (data as SocketData) : textOf(data)
}

/** The application may change its bytes while they wait. */
function snapshot(data: SocketData): SocketData {
  if (ArrayBuffer.isView(data))
    return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength).slice()
  return data instanceof ArrayBuffer ? data.slice(0) : data
}
