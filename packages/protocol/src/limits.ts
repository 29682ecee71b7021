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
    const unit = text.charCodeAt(index)
    if (unit < 0x80) continue
    bytes += unit < 0x800 ? 1 : 2
    if ((unit & 0xf800) !== 0xd800) continue
    // A surrogate pair is two units and four bytes: two for its first unit, already added, and none for its second.
    if (unit > 0xdbff || (text.charCodeAt(++index) & 0xfc00) !== 0xdc00) return -1
  }
  return bytes
}
