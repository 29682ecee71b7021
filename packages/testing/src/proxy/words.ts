import { misuse } from '@holdfast/protocol'

/** A word of a rule, and its position. The colon is a word. */
export interface Word {
  readonly text: string
  readonly at: number
}

/** The words of a rule, one after the other. */
export interface Words {
  /** The next word. At the end of the rule it is empty, and stays so. */
  readonly next: Word
  /** Takes the next word. */
  take(): Word
  /** Takes the next word if it equals the text. */
  skip(text: string): boolean
  /** @throws `misuse`, pointing at that word. */
  fail(word: Word, why: string): never
}

export function wordsOf(rule: string): Words {
  const words: Word[] = [...rule.matchAll(/:|[^\s:]+/g)].map(({ 0: text, index: at }) => ({ text, at }))
  const end: Word = { text: '', at: rule.trimEnd().length }
  let taken = 0
  const cursor: Words = {
    get next() {
      return words[taken] ?? end
    },
    take: () => words[taken++] ?? end,
    skip(text) {
      const found = cursor.next.text === text
      if (found) taken++
      return found
    },
    fail({ text, at }, why) {
      const place = text === '' ? 'at its end' : `at "${text}"`
      const marks = '^'.repeat(Math.max(1, text.length))
      throw misuse(`A rule does not fit ${place}: ${why}.\n\n  ${rule}\n  ${' '.repeat(at)}${marks}`)
    },
  }
  return cursor
}
