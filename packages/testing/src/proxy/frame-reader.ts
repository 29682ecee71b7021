import type { Direction } from './rule.ts'

/** A message with all its fragments, or a control frame. */
export interface Frame {
  readonly control: boolean
  /** Counted from 1, control frames separately. */
  readonly number: number
}

/** Contiguous bytes, unchanged. */
export interface Piece {
  readonly bytes: Buffer
  /** The frame of the bytes. Undefined for those of the handshake, and where there are no frames. */
  readonly frame: Frame | undefined
  /** Whether the frame ends with these bytes. */
  readonly last: boolean
}

/** Finds the frames in one direction of a connection. */
export interface FrameReader {
  /** Splits the bytes by frame. Keeps those of an incomplete header until it is complete. */
  read(chunk: Buffer): Piece[]
}

/** The largest incomplete handshake that is kept. A longer one is not that of a WebSocket. */
const maxHeadBytes = 65_536

/**
 * Reads one direction of a WebSocket connection by RFC 6455: a handshake, then frames.
 *
 * Data that is not a WebSocket (another request, or one that the server refuses) becomes bytes without frames.
 *
 * @see RFC 6455, section 5.2
 */
export function createFrameReader(direction: Direction): FrameReader {
  let phase: 'handshake' | 'frames' | 'opaque' = 'handshake'
  let head: Buffer = Buffer.alloc(0)
  let frame: Frame | undefined
  /** The message that a continuation continues, even if control frames came in between. */
  let message: Frame | undefined
  let isFinal = false
  let missing = 0
  const counts = { message: 0, control: 0 }

  /** Returns how many bytes of the chunk belong to the handshake. */
  const readHandshake = (chunk: Buffer): number => {
    const before = head.length
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n', Math.max(0, before - 3))
    if (end < 0) {
      if (head.length > maxHeadBytes) phase = 'opaque'
      return chunk.length
    }
    phase = afterHandshake(direction, head.toString('latin1', 0, end))
    head = Buffer.alloc(0)
    return end + 4 - before
  }

  const begin = (header: Header): void => {
    ;({ isFinal, missing } = header)
    if (header.opcode >= 8) frame = { control: true, number: ++counts.control }
    else {
      if (header.opcode > 0 || !message) message = { control: false, number: ++counts.message }
      frame = message
    }
  }

  return {
    read(chunk) {
      const pieces: Piece[] = []
      let at = 0
      while (at < chunk.length) {
        const rest = chunk.subarray(at)
        if (phase === 'opaque') {
          pieces.push({ bytes: rest, frame: undefined, last: false })
          break
        }
        if (phase === 'handshake') {
          const length = readHandshake(rest)
          pieces.push({ bytes: rest.subarray(0, length), frame: undefined, last: false })
          at += length
          continue
        }
        let bytes = rest
        if (!frame) {
          bytes = head.length > 0 ? Buffer.concat([head, rest]) : rest
          const header = readHeader(bytes)
          if (!header) {
            head = bytes
            break
          }
          begin(header)
          missing += header.length
        }
        bytes = bytes.subarray(0, missing)
        at += bytes.length - head.length
        head = head.subarray(0, 0)
        missing -= bytes.length
        pieces.push({ bytes, frame, last: missing === 0 && isFinal })
        if (missing === 0) frame = undefined
      }
      return pieces
    },
  }
}

interface Header {
  readonly opcode: number
  readonly isFinal: boolean
  /** The size of the header, including the mask. */
  readonly length: number
  /** The size of the payload that follows the header. */
  readonly missing: number
}

function readHeader(bytes: Buffer): Header | undefined {
  if (bytes.length < 2) return undefined
  const first = bytes[0]!
  const second = bytes[1]!
  const short = second & 0x7f
  const extended = short === 127 ? 8 : short === 126 ? 2 : 0
  const length = 2 + extended + (second & 0x80 ? 4 : 0)
  if (bytes.length < length) return undefined
  const missing =
    extended === 8 ? Number(bytes.readBigUInt64BE(2)) : extended === 2 ? bytes.readUInt16BE(2) : short
  return { opcode: first & 0x0f, isFinal: first >= 0x80, length, missing }
}

function afterHandshake(direction: Direction, head: string): 'handshake' | 'frames' | 'opaque' {
  if (direction === 'toServer') return /^upgrade:\s*websocket\s*$/im.test(head) ? 'frames' : 'opaque'
  const status = Number(/^HTTP\/1\.1 (\d{3})\b/.exec(head)?.[1])
  if (status === 101) return 'frames'
  return status >= 100 && status < 200 ? 'handshake' : 'opaque'
}
