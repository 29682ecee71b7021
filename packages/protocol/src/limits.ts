/** The default limit for sent and received messages, in bytes: 16 MiB. */
export const defaultMaxPayloadBytes = 16_777_216

/**
 * Returns the length of a text in UTF-8, in bytes, or -1 if it contains a lone surrogate.
 *
 * A socket silently replaces lone surrogates with U+FFFD, so such a text cannot be sent unchanged.
 *
 * @see WebIDL, USVString
 */
export function utf8Length(text: string): number {
  let bytes = text.length
  // Most frames are ASCII, and a regular expression is faster than a loop.
  if (!/[\x80-\uffff]/.test(text)) return bytes
  for (let index = 0; index < text.length; index++) {
    const code = text.codePointAt(index)!
    // A lone surrogate.
    if (code >> 11 === 27) return -1
    if (code > 127) bytes += code > 2047 ? 2 : 1
    if (code > 65535) index++
  }
  return bytes
}
