import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFrameReader } from './frame-reader.ts'
import type { Frame, Piece } from './frame-reader.ts'
import type { Direction } from './rule.ts'

const handshakes: Readonly<Record<Direction, string>> = {
  toServer: 'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\n\r\n',
  toClient: 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n',
}

/** A frame as RFC 6455 has it. */
function frameBytes(opcode: number, length: number, isFinal = true, isMasked = false): Buffer {
  const mask = isMasked ? 0x80 : 0
  const first = (isFinal ? 0x80 : 0) | opcode
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  header[0] = first
  header[1] = mask | (length < 126 ? length : length < 65_536 ? 126 : 127)
  if (header.length === 4) header.writeUInt16BE(length, 2)
  if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([header, Buffer.alloc(isMasked ? 4 : 0, 0xab), Buffer.alloc(length, opcode)])
}

const text = 1
const continuation = 0
const ping = 9

/** The bytes, cut at those places. */
function chunksOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return places.slice(1).map((to, index) => bytes.subarray(places[index], to))
}

/** Each frame that was found, once, with how many bytes it has and how often it ended. */
function framesIn(pieces: readonly Piece[]): (Frame & { readonly length: number; readonly ends: number })[] {
  return [...new Set(pieces.map(({ frame }) => frame))].flatMap((frame) => {
    if (!frame) return []
    const own = pieces.filter((piece) => piece.frame === frame)
    const length = own.reduce((sum, { bytes }) => sum + bytes.length, 0)
    return { ...frame, length, ends: own.filter(({ last }) => last).length }
  })
}

const read = (direction: Direction, chunks: readonly Buffer[]): Piece[] => {
  const reader = createFrameReader(direction)
  return chunks.flatMap((chunk) => reader.read(chunk))
}

describe('frames are found', () => {
  it('frames are found however the bytes are split into chunks, and no byte is changed', () => {
    const frame = fc.record({
      opcode: fc.constantFrom(1, 2, 8, 9, 10),
      length: fc.oneof(fc.nat(10), fc.constantFrom(125, 126, 127, 65_535, 65_536, 70_000)),
      masked: fc.boolean(),
    })
    fc.assert(
      fc.property(
        fc.constantFrom<Direction>('toServer', 'toClient'),
        fc.array(frame, { maxLength: 8 }),
        fc.array(fc.nat(1_000_000), { maxLength: 40 }),
        (direction, frames, cuts) => {
          const all = frames.map(({ opcode, length, masked }) => frameBytes(opcode, length, true, masked))
          const bytes = Buffer.concat([Buffer.from(handshakes[direction]), ...all])
          const pieces = read(direction, chunksOf(bytes, cuts))
          expect(Buffer.concat(pieces.map((piece) => piece.bytes)).equals(bytes)).toBe(true)
          const counts = { message: 0, control: 0 }
          expect(framesIn(pieces)).toEqual(
            frames.map(({ opcode }, index) => {
              const control = opcode >= 8
              const number = control ? ++counts.control : ++counts.message
              return { control, number, length: all[index]!.length, ends: 1 }
            }),
          )
        },
      ),
    )
  })

  it('frames are found when every byte arrives separately', () => {
    const bytes = Buffer.concat([
      Buffer.from(handshakes.toClient),
      frameBytes(text, 3),
      frameBytes(text, 300, true, true),
    ])
    const pieces = read(
      'toClient',
      [...bytes].map((byte) => Buffer.from([byte])),
    )
    expect(framesIn(pieces)).toMatchObject([
      { number: 1, length: 5 },
      { number: 2, length: 308 },
    ])
    expect(Buffer.concat(pieces.map((piece) => piece.bytes)).equals(bytes)).toBe(true)
  })

  it('a fragmented message is one frame, even if control frames interrupt it', () => {
    const bytes = [
      frameBytes(text, 5, false),
      frameBytes(ping, 0),
      frameBytes(continuation, 6, false),
      frameBytes(ping, 1),
      frameBytes(continuation, 7),
      frameBytes(text, 8),
    ]
    const pieces = read('toServer', [Buffer.from(handshakes.toServer), ...bytes])
    expect(framesIn(pieces)).toEqual([
      { control: false, number: 1, length: 24, ends: 1 },
      { control: true, number: 1, length: 2, ends: 1 },
      { control: true, number: 2, length: 3, ends: 1 },
      { control: false, number: 2, length: 10, ends: 1 },
    ])
  })

  it('the bytes of a frame are passed on before its end', () => {
    const reader = createFrameReader('toServer')
    reader.read(Buffer.from(handshakes.toServer))
    const begun = reader.read(frameBytes(text, 1_000_000).subarray(0, 500))
    expect(begun.map(({ bytes, last }) => [bytes.length, last])).toEqual([[500, false]])
  })

  it('frames are found after a handshake that is not answered yet', () => {
    const early = Buffer.from('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')
    const pieces = read('toClient', [early, Buffer.from(handshakes.toClient), frameBytes(text, 5)])
    expect(framesIn(pieces)).toMatchObject([{ number: 1 }])
  })
})

describe('no frames are seen', () => {
  it('no frames are found after an endless header, which is not kept', () => {
    const chunks = ['x'.repeat(70_000), `\r\n${handshakes.toServer}`].map((head) => Buffer.from(head))
    expect(framesIn(read('toServer', [...chunks, frameBytes(text, 5)]))).toEqual([])
  })

  it.each<[string, Direction, string]>([
    ['in another request', 'toServer', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['where the server refuses', 'toClient', 'HTTP/1.1 401 Unauthorized\r\n\r\n'],
    ['in what is not HTTP', 'toServer', 'x'.repeat(70_000)],
  ])('%s, and the bytes pass', (_, direction, head) => {
    const pieces = read(direction, [Buffer.from(head), frameBytes(text, 5)])
    expect(framesIn(pieces)).toEqual([])
    expect(pieces.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(head.length + 7)
  })
})
