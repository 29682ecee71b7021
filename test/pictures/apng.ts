import { deflateSync } from 'node:zlib'
import { chunk, pngFile, type Image } from './png.ts'

/** A picture, and how long it is shown, in milliseconds. */
export interface Frame {
  readonly image: Image
  readonly duration: number
}

interface Box {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** One of the 256 is `transparent`. */
const mostColours = 255
/** The index of what a frame leaves as it is. */
const transparent = 0
const over = 1

/**
 * An animated PNG that repeats forever, of at most 255 colours. Each frame contains only the rectangle that differs
 * from the frame before it, and in it only the pixels that differ: the others are transparent, which compresses well.
 *
 * @see PNG, third edition, section 11.3.6
 */
export function animate(frames: readonly Frame[]): Buffer {
  const { width, height } = frames[0]!.image
  const palette = createPalette(frames)
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3, 0, 0, 0], 8)
  const control = Buffer.alloc(8)
  control.writeUInt32BE(frames.length, 0)

  let sequence = 0
  const chunks = [
    chunk('IHDR', header),
    chunk('acTL', control),
    chunk('PLTE', palette.colours),
    chunk('tRNS', Buffer.of(0)),
  ]
  let before: Buffer | undefined
  for (const { image, duration } of frames) {
    const indices = palette.indexOf(image)
    const box = before ? difference(before, indices, width) : { left: 0, top: 0, width, height }
    chunks.push(chunk('fcTL', frameControl(sequence++, box, duration)))
    const data = deflateSync(crop(indices, width, box, before), { level: 9 })
    if (before) {
      const number = Buffer.alloc(4)
      number.writeUInt32BE(sequence++)
      chunks.push(chunk('fdAT', Buffer.concat([number, data])))
    } else chunks.push(chunk('IDAT', data))
    before = indices
  }
  return pngFile(...chunks, chunk('IEND', Buffer.alloc(0)))
}

function frameControl(sequence: number, { left, top, width, height }: Box, duration: number): Buffer {
  const control = Buffer.alloc(26)
  for (const [index, value] of [sequence, width, height, left, top].entries())
    control.writeUInt32BE(value, index * 4)
  control.writeUInt16BE(Math.round(duration), 20)
  control.writeUInt16BE(1_000, 22)
  control[25] = over
  return control
}

/** The rows of a rectangle, each after the number of its filter, which is none. */
function crop(
  indices: Buffer,
  stride: number,
  { left, top, width, height }: Box,
  before: Buffer | undefined,
): Buffer {
  const rows = Buffer.alloc((width + 1) * height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = (top + y) * stride + left + x
      rows[y * (width + 1) + 1 + x] = before?.[at] === indices[at] ? transparent : indices[at]!
    }
  return rows
}

function difference(before: Buffer, after: Buffer, stride: number): Box {
  let [left, right, top, bottom] = [Infinity, 0, Infinity, 0]
  for (let at = 0; at < after.length; at++) {
    if (before[at] === after[at]) continue
    const [x, y] = [at % stride, Math.trunc(at / stride)]
    left = Math.min(left, x)
    right = Math.max(right, x)
    top = Math.min(top, y)
    bottom = y
  }
  // A frame has at least one pixel.
  if (left === Infinity) return { left: 0, top: 0, width: 1, height: 1 }
  return { left, top, width: right - left + 1, height: bottom - top + 1 }
}

/** The most frequent colours of all frames; the others become the nearest of them. */
function createPalette(frames: readonly Frame[]): { colours: Buffer; indexOf(image: Image): Buffer } {
  const counts = new Map<number, number>()
  for (const { image } of frames)
    for (let at = 0; at < image.pixels.length; at += 3) {
      const colour = image.pixels.readUIntBE(at, 3)
      counts.set(colour, (counts.get(colour) ?? 0) + 1)
    }
  const chosen = [...counts].sort(([, a], [, b]) => b - a).slice(0, mostColours)
  // The first one is transparent.
  const colours = Buffer.alloc((1 + chosen.length) * 3)
  for (const [index, [colour]] of chosen.entries()) colours.writeUIntBE(colour, (1 + index) * 3, 3)

  const indices = new Map<number, number>()
  const nearest = (colour: number): number => {
    const [red, green, blue] = [colour >> 16, (colour >> 8) & 255, colour & 255]
    let [best, distance] = [1, Infinity]
    for (let index = 1; index <= chosen.length; index++) {
      const [r, g, b] = colours.subarray(index * 3, index * 3 + 3)
      const far = (red - r!) ** 2 + (green - g!) ** 2 + (blue - b!) ** 2
      if (far < distance) [best, distance] = [index, far]
    }
    indices.set(colour, best)
    return best
  }

  return {
    colours,
    indexOf({ width, height, pixels }) {
      const result = Buffer.alloc(width * height)
      for (let at = 0; at < result.length; at++) {
        const colour = pixels.readUIntBE(at * 3, 3)
        result[at] = indices.get(colour) ?? nearest(colour)
      }
      return result
    },
  }
}
