import { crc32, inflateSync } from 'node:zlib'

/** Pixels of red, green and blue, row by row. */
export interface Image {
  readonly width: number
  readonly height: number
  readonly pixels: Buffer
}

const signature = Buffer.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)

/** A part of a PNG file. */
export function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(data.length, 0)
  frame.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
}

export function pngFile(...chunks: readonly Buffer[]): Buffer {
  return Buffer.concat([signature, ...chunks])
}

/**
 * Reads a screenshot: 8 bits a channel, not interlaced, with or without alpha, which is dropped.
 *
 * @see PNG, sections 7 and 9
 */
export function readPng(file: Buffer): Image {
  const parts: Buffer[] = []
  let [width, height, channels] = [0, 0, 3]
  for (let at = signature.length; at < file.length;) {
    const length = file.readUInt32BE(at)
    const type = file.toString('latin1', at + 4, at + 8)
    const data = file.subarray(at + 8, at + 8 + length)
    if (type === 'IHDR') {
      width = data.readUInt32BE(0)
      height = data.readUInt32BE(4)
      channels = data[9] === 6 ? 4 : 3
    }
    if (type === 'IDAT') parts.push(data)
    at += 12 + length
  }
  const rows = unfilter(inflateSync(Buffer.concat(parts)), width * channels, height, channels)
  const pixels = Buffer.alloc(width * height * 3)
  for (let pixel = 0; pixel < width * height; pixel++)
    rows.copy(pixels, pixel * 3, pixel * channels, pixel * channels + 3)
  return { width, height, pixels }
}

function unfilter(data: Buffer, stride: number, height: number, channels: number): Buffer {
  const rows = Buffer.alloc(stride * height)
  for (let y = 0; y < height; y++) {
    const filter = data[y * (stride + 1)]
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x
      const left = x < channels ? 0 : rows[at - channels]!
      const up = y === 0 ? 0 : rows[at - stride]!
      const corner = x < channels || y === 0 ? 0 : rows[at - stride - channels]!
      const predicted = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter!] ?? 0
      rows[at] = data[y * (stride + 1) + 1 + x]! + predicted
    }
  }
  return rows
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner
  const [toLeft, toUp, toCorner] = [left, up, corner].map((value) => Math.abs(guess - value))
  if (toLeft! <= toUp! && toLeft! <= toCorner!) return left
  return toUp! <= toCorner! ? up : corner
}
