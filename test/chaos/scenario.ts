import type { HistoryEvent } from '../audit/history.ts'

/** Real faults on real sockets, and what they are to leave behind. */
export interface Scenario {
  readonly name: string
  /** How long it runs if nothing else is asked for, in seconds. */
  readonly seconds: number
  run(options: RunOptions): Promise<Report>
}

export interface RunOptions {
  readonly seconds: number
  /** Tells a person what is going on. */
  say(text: string): void
}

export interface Report {
  /** The observations of all applications. */
  readonly histories: readonly (readonly HistoryEvent[])[]
  readonly figures: Readonly<Record<string, string | number>>
  /** What is wrong beside what an auditor finds. */
  readonly faults: readonly string[]
  /** When everything had come to rest, if it had before the end. */
  readonly restAt?: number
}
