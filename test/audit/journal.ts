import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import type { HistoryEvent } from './history.ts'

/** A history in a file, one event a line, which outlives the process that writes it. */
export interface Journal {
  /** Writes the event before it returns. */
  write(event: HistoryEvent): void
  close(): void
}

/** Appends to what is there. */
export function openJournal(file: string): Journal {
  const descriptor = openSync(file, 'a')
  return {
    write: (event) => void writeSync(descriptor, `${JSON.stringify(event)}\n`),
    close: () => closeSync(descriptor),
  }
}

/** Reads a journal. A last line that its writer did not live to finish is not there. */
export function readJournal(file: string): HistoryEvent[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  // What follows the last line end is torn, or nothing.
  lines.pop()
  return lines.map((line) => JSON.parse(line) as HistoryEvent)
}

export function writeJournal(file: string, history: Iterable<HistoryEvent>): void {
  const journal = openJournal(file)
  for (const event of history) journal.write(event)
  journal.close()
}
