const textOpcode = 0x1
const closeOpcode = 0x8

/** A close frame as a server sends it. */
export function closeFrame(code: number): Buffer {
  const payload = Buffer.alloc(2)
  payload.writeUInt16BE(code)
  return frame(closeOpcode, payload)
}

/** A text frame as a server sends it. */
export function textFrame(text: string): Buffer {
  return frame(textOpcode, Buffer.from(text))
}

/** RFC 6455, section 5.2: a whole message, not masked, shorter than 126 bytes. */
function frame(opcode: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.of(0x80 | opcode, payload.length), payload])
}
