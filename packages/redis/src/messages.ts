import type { LogEntry } from '@holdfast/server'

/** What one script has appended to a log. */
export interface Appended {
  readonly epoch: string
  /** The id of the entry before the first one. */
  readonly before: string
  readonly entries: readonly LogEntry[]
}

/**
 * Publications as a script publishes them: the epoch and their number, then for each its numbers, its id and its text, and at the end
 * the id before them, whose length Redis does not know.
 */
export function parsePublications(message: string): Appended {
  let at = 1
  const word = (): string => {
    const end = message.indexOf(' ', at)
    const text = message.slice(at, end)
    at = end + 1
    return text
  }
  const take = (length: number): string => {
    at += length
    return message.slice(at - length, at)
  }
  const epoch = word()
  const count = Number(word())
  const entries: LogEntry[] = []
  while (entries.length < count) {
    const [offset, time, idLength, length] = [word(), word(), word(), word()].map(Number) as [
      number,
      number,
      number,
      number,
    ]
    entries.push({ offset, at: time, id: take(idLength), text: take(length) })
  }
  return { epoch, before: message.slice(at), entries }
}
