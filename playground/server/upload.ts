import { createHash, type Hash } from 'node:crypto'
import type { WebSocket } from 'ws'
import { maxUploadBytes, type Scenes } from '../scenes-contract.ts'

/** The upload of one peer. Only its size and its digest are kept. */
export interface Upload {
  /** Replaces an unfinished upload. */
  begin(size: unknown): void
  take(bytes: Buffer): void
}

type Events = Scenes['toClient']

export function createUpload(
  socket: WebSocket,
  bytesPerSecond: number,
  tell: <Type extends 'uploading' | 'uploaded' | 'error'>(type: Type, data: Events[Type]) => void,
): Upload {
  let current: { readonly size: number; readonly hash: Hash; received: number } | undefined
  let readOnAt = 0
  let timer: NodeJS.Timeout | undefined

  // Unread data stays in the network, whose back-pressure makes the sender wait.
  const slowDown = (bytes: number): void => {
    const now = performance.now()
    readOnAt = Math.max(now, readOnAt) + (bytes / bytesPerSecond) * 1_000
    socket.pause()
    clearTimeout(timer)
    timer = setTimeout(() => socket.resume(), readOnAt - now)
  }

  socket.on('close', () => clearTimeout(timer))

  return {
    begin(size) {
      current = undefined
      if (!Number.isSafeInteger(size) || (size as number) < 1 || (size as number) > maxUploadBytes)
        return tell('error', { message: `an upload has 1 to ${maxUploadBytes} bytes` })
      current = { size: size as number, hash: createHash('sha256'), received: 0 }
    },

    take(bytes) {
      slowDown(bytes.length)
      if (!current) return tell('error', { message: 'bytes without an upload' })
      current.received += bytes.length
      if (current.received > current.size) {
        current = undefined
        return tell('error', { message: 'more bytes than announced' })
      }
      current.hash.update(bytes)
      tell('uploading', { received: current.received })
      if (current.received < current.size) return
      tell('uploaded', { size: current.size, digest: current.hash.digest('hex') })
      current = undefined
    },
  }
}
