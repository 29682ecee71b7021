import type { Clock } from '@holdfast/protocol'
import { createDeadlines } from '../deadlines.ts'
import type { Deadlines } from '../deadlines.ts'

/** What a session takes in the store beside its messages, and a message beside its content. */
const sessionBytes = 1_000
const messageBytes = 160

/** The bytes that this hub keeps in the store, or is about to: see `maxParkedTotalBytes`. */
export class ParkedBytes {
  readonly #max: number
  readonly #kept: Deadlines<{ readonly bytes: number }>
  #bytes = 0
  #isClosed = false

  /** The store keeps what it is given for `time` milliseconds. */
  constructor(clock: Clock, max: number, time: number) {
    this.#max = max
    this.#kept = createDeadlines(clock, time, ({ bytes }) => (this.#bytes -= bytes))
  }

  hasRoom(bytes: number): boolean {
    return this.#bytes + bytes <= this.#max
  }

  /** Counts what the store is given, from now on until its time is over. `isKept` resolves when the store has it or refuses it. */
  add(bytes: number, isKept: Promise<boolean>): void {
    this.#bytes += bytes
    void isKept.then((isThere) => {
      if (this.#isClosed) return
      if (isThere) this.#kept.add({ bytes })
      else this.#bytes -= bytes
    })
  }

  /** Counts no more, and has no timer. */
  close(): void {
    this.#isClosed = true
    this.#kept.clear()
  }
}

export function sizeOfSession(bytes: number): number {
  return sessionBytes + bytes
}

export function sizeOfMessage(bytes: number): number {
  return messageBytes + bytes
}
