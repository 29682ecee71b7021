/** The most that is shown of a text, in UTF-16 units. */
const longest = 1_000

/**
 * A text of the peer in a form that can be shown and logged: bounded, on one line, without the characters that drive
 * terminals or turn the direction of the text around.
 */
export function printable(text: string): string {
  return text.slice(0, longest).replace(/[^ -~\xa0-\u2027\u202f-\u2065\u206a-\uffff]+/g, ' ')
}
