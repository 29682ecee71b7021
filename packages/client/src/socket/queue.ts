import { byteLength } from './arguments.ts'
import type { BlobLike, SocketData } from './types.ts'

/** The messages that wait for a connection, as they were when they were sent. */
export class SendQueue {
  readonly #maxMessages: number
  readonly #maxBytes: number
  #messages: { readonly data: SocketData; readonly bytes: number }[] = []
  #bytes = 0

  constructor(maxMessages: number, maxBytes: number) {
    this.#maxMessages = maxMessages
    this.#maxBytes = maxBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Returns false if there is no room. */
  push(data: SocketData): boolean {
    const bytes = sizeOf(data)
    if (this.#messages.length >= this.#maxMessages || this.#bytes + bytes > this.#maxBytes) return false
    this.#bytes += bytes
    this.#messages.push({ data: snapshot(data), bytes })
    return true
  }

  /** Passes the messages to `write`, the oldest first, until it returns false. */
  flush(write: (data: SocketData) => boolean): void {
    let written = 0
    while (written < this.#messages.length && write(this.#messages[written]!.data)) written++
    for (const { bytes } of this.#messages.splice(0, written)) this.#bytes -= bytes
  }

  drain(): SocketData[] {
    this.#bytes = 0
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
  const isBinary = typeof data === 'object' && (typeof bytes === 'number' || typeof size === 'number')
  return isBinary ? (data as SocketData) : String(data)
}

/** The application may change its bytes while they wait. */
function snapshot(data: SocketData): SocketData {
  if (ArrayBuffer.isView(data))
    return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength).slice()
  return data instanceof ArrayBuffer ? data.slice(0) : data
}
