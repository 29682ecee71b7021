/** The longest text whose frame is kept. */
const maxLength = 16_384

/** A text as a WebSocket frame. */
export interface SharedFrame {
  readonly bytes: Buffer
  /** The size of the text in UTF-8. */
  readonly payloadBytes: number
}

/**
 * The WebSocket frame of a text that goes to many sockets, as a publication does: encoded once, when it is sent the second
 * time in a row.
 */
export class SharedFrames {
  #text: string | undefined
  #frame: SharedFrame | undefined

  /** Returns the frame of the text, if the last text was the same. */
  of(text: string): SharedFrame | undefined {
    if (text === this.#text) return (this.#frame ??= frameOf(text))
    this.#text = text.length <= maxLength ? text : undefined
    this.#frame = undefined
    return undefined
  }
}

/**
 * An unmasked text frame, of at most 65,535 bytes.
 *
 * @see RFC 6455, section 5.2
 */
function frameOf(text: string): SharedFrame {
  const payload = Buffer.from(text)
  const { length } = payload
  const head = length < 126 ? [0x81, length] : [0x81, 126, length >> 8, length & 255]
  return { bytes: Buffer.concat([Buffer.from(head), payload]), payloadBytes: length }
}
