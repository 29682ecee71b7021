/** The largest frame that is sent or parsed unless the user says otherwise, in bytes: 16 MiB. */
export const defaultMaxPayloadBytes = 16_777_216

/**
 * The length of a text in UTF-8, in bytes, or -1 when it holds a lone surrogate.
 *
 * A socket replaces lone surrogates by U+FFFD without a word, so a text that has one cannot be sent as it is.
 *
 * @see WebIDL, USVString
 */
export function utf8Length(text: string): number {
  let bytes = text.length
  // Most frames are ASCII, and engines search faster than a loop can.
  if (!/[\x80-\uffff]/.test(text)) return bytes
  for (let index = 0; index < text.length; index++) {
    const code = text.codePointAt(index)!
    // A surrogate without the other one.
    if (code >> 11 === 27) return -1
    if (code > 127) bytes += code > 2047 ? 2 : 1
    if (code > 65535) index++
  }
  return bytes
}
