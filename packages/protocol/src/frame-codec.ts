import { isCount, isFlag } from './controls.ts'
import type { IsControl } from './controls.ts'
import type { Control, Frame, Meta, ProducerSequence } from './frame.ts'
import { utf8Length } from './limits.ts'
import { maxHeaderBytes, maxNumbersBytes } from './limits.ts'

/**
 * The encoded data of a frame: JSON text, or a header and bytes. The numbers are prepended when the frame is written.
 */
export type Body = string | BinaryBody

/** The encoded data of a frame that contains bytes. */
export interface BinaryBody {
  readonly head: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** The bounds of the decoder. */
export interface DecodeLimits {
  /** Frames in a pack. */
  readonly maxFrames: number
  /** How deep arrays and objects may nest in a frame's data. */
  readonly maxDepth: number
  /** Keys and elements in a message. */
  readonly maxKeys: number
}

export const defaultDecodeLimits: DecodeLimits = { maxFrames: 4_096, maxDepth: 64, maxKeys: 100_000 }

/** The content of a message, or the close code and the description of its violation. */
export type Decoded =
  | { readonly frames: readonly Frame[]; readonly ping?: Control | undefined }
  | { readonly control: Control }
  | { readonly code: 1007 | 4400; readonly fault: string }

/** The maximum length of a name, in UTF-16 units. */
export const maxNameLength = 1_024

/**
 * Encodes the data of a frame.
 *
 * @throws {TypeError} for data that JSON cannot represent, and for a name that is too long
 */
export function encodeBody(name: string | null, data: unknown, meta?: Meta): Body {
  if (name && name.length > maxNameLength) throw new TypeError('the name is too long')
  const head = headOf(name)
  if (isBytes(data)) {
    const header = meta ? `${head},null,${JSON.stringify(meta)}` : head
    if (utf8Length(header) > maxHeaderBytes - maxNumbersBytes) throw new TypeError('the header is too long')
    // Not `slice`, which does not copy a Buffer of Node.
    return { head: header, bytes: new Uint8Array(data) }
  }
  if (data === undefined) return meta ? `${head},null,${JSON.stringify({ ...meta, absent: true })}` : head
  const json = JSON.stringify(data) as string | undefined
  if (json === undefined) throw new TypeError(`a ${typeof data} is not JSON`)
  return meta ? `${head},${json},${JSON.stringify(meta)}` : `${head},${json}`
}

let lastName: string | null = null
let lastHead = ',null'

/** The encoded name, cached, because many successive messages have the same name. */
function headOf(name: string | null): string {
  if (name !== lastName) {
    lastHead = `,${JSON.stringify(name)}`
    lastName = name
  }
  return lastHead
}

/** The body of a void frame. */
export const voidBody: Body = ''

/** The size of a body that counts towards a window, in bytes. */
export function bodyBytes(body: Body): number {
  // Encoded JSON has no lone surrogates, so its length is never -1.
  return typeof body === 'string' ? utf8Length(body) : utf8Length(body.head) + body.bytes.length
}

/** A frame with its numbers, as text for a message of its own or for a pack. */
export function encodeFrame(seq: number, ack: number, body: string): string {
  return `[${seq},${ack}${body}]`
}

/** A frame whose data is bytes, as a binary message. `encodeText` is the UTF-8 encoder of the platform. */
export function encodeBinary(
  seq: number,
  ack: number,
  { head, bytes }: BinaryBody,
  encodeText: (text: string) => Uint8Array,
): Uint8Array<ArrayBuffer> {
  const header = encodeText(`[${seq},${ack}${head}]`)
  const message = new Uint8Array(2 + header.length + bytes.length)
  message[0] = header.length >> 8
  message[1] = header.length
  message.set(header, 2)
  message.set(bytes, 2 + header.length)
  return message
}

export function encodeControl(control: Control): string {
  return JSON.stringify(control)
}

/** Decodes a text message; `isControl` decides which controls the peer may send. */
export function decodeText(text: string, limits: DecodeLimits, isControl: IsControl): Decoded {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {}
  if (!Array.isArray(value) || value.length === 0) return fault('not a JSON array')
  const first = value[0] as unknown
  if (typeof first === 'string')
    return isControl(first, value[1]) && budgetAfter(value[1], limits.maxKeys, limits.maxDepth) >= 0
      ? { control: value as unknown as Control }
      : fault('malformed control')
  const frames = Array.isArray(first) ? value : [value]
  const ping = frames.length > 1 ? takePing(frames, isControl) : undefined
  if (frames.length > limits.maxFrames) return fault('too many frames')
  if (!frames.every(isFrame)) return fault('malformed frame')
  // Text cannot nest deeper than half of its length, nor have more elements than characters.
  if (text.length > 2 * limits.maxDepth || text.length > limits.maxKeys) {
    let budget = limits.maxKeys
    for (const frame of frames) {
      budget = budgetAfter(frame[3], budget, limits.maxDepth)
      budget = budgetAfter(frame[4], budget, limits.maxDepth)
      if (budget < 0) return tooMuch
    }
  }
  return { frames, ping }
}

/** Removes the ping at the end of a pack, if there is one. */
function takePing(pack: unknown[], isControl: IsControl): Control | undefined {
  const last = pack[pack.length - 1]
  const isPing = Array.isArray(last) && last[0] === 'p' && isControl('p', last[1])
  return isPing ? (pack.pop() as Control) : undefined
}

/** Decodes a binary message. `decodeUtf8` is the decoder of the platform, and throws for invalid UTF-8. */
export function decodeBinary(
  message: Uint8Array<ArrayBuffer>,
  limits: DecodeLimits,
  decodeUtf8: (bytes: Uint8Array) => string,
): Decoded {
  const length = message.length < 2 ? maxHeaderBytes : message[0]! * 256 + message[1]!
  let header: unknown
  try {
    header = message.length < 2 + length || JSON.parse(decodeUtf8(message.subarray(2, 2 + length)))
  } catch {}
  if (!Array.isArray(header) || header.length < 3 || (header[3] ?? null) !== null)
    return fault('malformed header')
  const meta: unknown = header[4]
  header[3] = message.subarray(2 + length)
  if (!isFrame(header)) return fault('malformed header')
  return budgetAfter(meta, limits.maxKeys, limits.maxDepth) < 0 ? tooMuch : { frames: [header] }
}

const tooMuch: Decoded = { code: 1007, fault: 'too deep, or too many keys' }

function fault(text: string): Decoded {
  return { code: 4400, fault: text }
}

function isBytes(data: unknown): data is Uint8Array<ArrayBuffer> {
  // Checks the tag, because a page and its frames have different classes.
  return ArrayBuffer.isView(data) && Object.prototype.toString.call(data) === '[object Uint8Array]'
}

function isFrame(value: unknown): value is Frame {
  if (!Array.isArray(value)) return false
  const { length } = value
  // Not destructured, which would create an iterator for each frame.
  const name = value[2] as unknown
  return (
    length >= 2 &&
    length <= 5 &&
    isCount(value[0]) &&
    isCount(value[1]) &&
    (length === 2 || (typeof name === 'string' && name.length <= maxNameLength) || name === null) &&
    (length < 5 || isMeta(value[4], name, value[3])) &&
    (name !== null || length === 5)
  )
}

function isMeta(value: unknown, name: unknown, data: unknown): value is Meta {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { id, re, off, raw, error, message, absent, producer } = value as Record<keyof Meta, unknown>
  const kinds = [id, re, off, raw].filter((kind) => kind !== undefined)
  return (
    [id, re, off].every((count) => count === undefined || isCount(count)) &&
    [error, message].every((text) => text === undefined || typeof text === 'string') &&
    [raw, absent].every(isFlag) &&
    // A request has a name, an answer has none. Frames of other versions may have other kinds.
    (kinds.length === 0 || (kinds.length === 1 && (id === undefined) === (name === null))) &&
    (raw === undefined || typeof data === 'string' || isBytes(data)) &&
    (producer === undefined || (isPlace(producer) && (name !== null || raw === true) && id === undefined))
  )
}

function isPlace(value: unknown): value is ProducerSequence {
  if (!Array.isArray(value) || value.length !== 2) return false
  const [producer, n] = value as unknown[]
  return typeof producer === 'string' && /^[\w-]{1,64}$/.test(producer) && isCount(n) && n > 0
}

/** Returns whether a value is within the depth and the keys of a message. */
export function isWithin(value: unknown, { maxKeys, maxDepth }: DecodeLimits): boolean {
  return budgetAfter(value, maxKeys, maxDepth) >= 0
}

/** Returns the remaining budget of keys and elements after a value; negative if the value also nests too deep. */
function budgetAfter(value: unknown, budget: number, depth: number): number {
  if (typeof value !== 'object' || value === null) return budget
  if (depth === 0) return -1
  let left = budget
  if (Array.isArray(value))
    for (let index = 0; left >= 0 && index < value.length; index++)
      left = budgetWith(value[index], left, depth)
  // `for…in` creates no list of keys, and parsed JSON has no inherited members.
  else
    for (const key in value)
      if (left >= 0) left = budgetWith((value as Record<string, unknown>)[key], left, depth)
  return left
}

function budgetWith(member: unknown, budget: number, depth: number): number {
  return typeof member === 'object' ? budgetAfter(member, budget - 1, depth - 1) : budget - 1
}
