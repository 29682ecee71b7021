/** The maximum length of a shown text, in UTF-16 units. */
const longest = 1_000

/**
 * Sanitizes a text of the peer for display and logs: bounded, on one line, without characters that control terminals
 * or change the direction of text.
 */
export function printable(text: string): string {
  return text.slice(0, longest).replace(/[^ -~\xa0-\u2027\u202f-\u2065\u206a-\uffff]+/g, ' ')
}
