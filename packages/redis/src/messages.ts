import type { LogEntry } from '@holdfast/server'

/** Publications as a script publishes them: the epoch, then for each its numbers, its id and its text. */
export function parsePublications(message: string): { readonly epoch: string; readonly entries: LogEntry[] } {
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
  const entries: LogEntry[] = []
  while (at < message.length) {
    const [offset, time, idLength, length] = [word(), word(), word(), word()].map(Number) as [
      number,
      number,
      number,
      number,
    ]
    entries.push({ offset, at: time, id: take(idLength), text: take(length) })
  }
  return { epoch, entries }
}
