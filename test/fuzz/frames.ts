// The frames of RFC 6455, section 5, as a client may write them and as it must not.

/** The other way round than a client's, these have no mask. */
export interface ServerFrame {
  readonly opcode: number
  readonly payload: Buffer
}

export interface FrameShape {
  readonly opcode: number
  readonly payload: Uint8Array
  /** Whether it is the last one of its message. */
  readonly isFinal?: boolean
  /** The three reserved bits, as a number. */
  readonly reserved?: number
  readonly isMasked?: boolean
  /** What the header says, if it is not the truth. */
  readonly claimedLength?: number
  /** Which form the length has, if it is not the shortest one. */
  readonly lengthBytes?: 0 | 2 | 8
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const
const mask = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d)

export function encodeClientFrame(shape: FrameShape): Buffer {
  const { opcode, payload, isFinal = true, reserved = 0, isMasked = true } = shape
  const length = shape.claimedLength ?? payload.length
  const lengthBytes = shape.lengthBytes ?? (length < 126 ? 0 : length < 65_536 ? 2 : 8)
  const header = Buffer.alloc(2 + lengthBytes + (isMasked ? 4 : 0))
  header[0] = (isFinal ? 0x80 : 0) | (reserved << 4) | opcode
  header[1] = (isMasked ? 0x80 : 0) | (lengthBytes === 0 ? length & 0x7f : lengthBytes === 2 ? 126 : 127)
  if (lengthBytes === 2) header.writeUInt16BE(length & 0xffff, 2)
  if (lengthBytes === 8) header.writeBigUInt64BE(BigInt(length), 2)
  const body = Buffer.from(payload)
  if (isMasked) {
    header.set(mask, 2 + lengthBytes)
    for (let index = 0; index < body.length; index++) body[index]! ^= mask[index & 3]!
  }
  return Buffer.concat([header, body])
}

export function textFrame(text: string): Buffer {
  return encodeClientFrame({ opcode: opcodes.text, payload: Buffer.from(text) })
}

/** A close with its code and reason, or whatever else its payload is. */
export function closeFrame(code: number, reason = ''): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason))
  payload.writeUInt16BE(code)
  payload.write(reason, 2)
  return encodeClientFrame({ opcode: opcodes.close, payload })
}

/**
 * Takes apart what a server has written after its handshake. The last frame may be cut off.
 *
 * @throws for what no server of the session wire writes
 */
export function decodeServerFrames(bytes: Buffer): readonly ServerFrame[] {
  const frames: ServerFrame[] = []
  let at = 0
  while (bytes.length - at >= 2) {
    const first = bytes[at]!
    const opcode = first & 0x0f
    if ((first & 0xf0) !== 0x80) throw new Error('a frame of the server is in pieces or has reserved bits')
    if (!Object.values<number>(opcodes).includes(opcode) || opcode === opcodes.continuation)
      throw new Error(`a frame of the server has the opcode ${opcode}`)
    const short = bytes[at + 1]!
    if (short > 127) throw new Error('a frame of the server is masked')
    const lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8
    const start = at + 2 + lengthBytes
    if (bytes.length < start) break
    const length =
      lengthBytes === 0
        ? short
        : lengthBytes === 2
          ? bytes.readUInt16BE(at + 2)
          : Number(bytes.readBigUInt64BE(at + 2))
    if (bytes.length < start + length) break
    frames.push({ opcode, payload: bytes.subarray(start, start + length) })
    at = start + length
  }
  return frames
}
