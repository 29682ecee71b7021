// A file without imports, so that bundlers inline its numbers.

/** The default limit for sent and received messages, in bytes: 16 MiB. */
export const defaultMaxPayloadBytes = 16_777_216

/** How long the queue writes before the event loop gets a turn, in milliseconds. */
export const sliceLength = 8
/** How often the buffer of a socket is looked at, which fires no event, in milliseconds. */
export const pollInterval = 20
/** The maximum size of a pack, in UTF-16 units: one byte each for ASCII, three bytes at most. */
export const maxPackLength = 16_384
/** How long an ack may be delayed after the first one that follows quiet, in milliseconds. */
export const ackDelay = 50
/** The maximum of running handlers per peer. Each counts until it ends. */
export const maxRunning = 1_000
/** The maximum length of the header of a binary frame, in bytes. */
export const maxHeaderBytes = 65_535
/** The maximum size of the numbers of a frame, with brackets and commas: `[9007199254740991,9007199254740991]`. */
export const maxNumbersBytes = 35

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
