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
    const unit = text.charCodeAt(index)
    if (unit < 0x80) continue
    bytes += unit < 0x800 ? 1 : 2
    if ((unit & 0xf800) !== 0xd800) continue
    // A pair is two units and four bytes: the two that its first unit has just added, and none for its second.
    if (unit > 0xdbff || (text.charCodeAt(++index) & 0xfc00) !== 0xdc00) return -1
  }
  return bytes
}
