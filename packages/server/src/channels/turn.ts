import { atTurnEnd } from '@holdfast/protocol'
import type { Line } from '@holdfast/protocol'

/** What has something to deliver at the end of the turn. */
export interface TurnSource {
  deliver(): void
}

/** Sends at the end of the turn what was published in it: with one microtask for all clients. */
export class Turn {
  #sources = new Set<TurnSource>()
  #lines = new Set<Line>()
  #isScheduled = false
  /** Each line is sent as soon as the next one is written to. */
  #isDirect = false
  #last: Line | undefined
  readonly #end = (): void => this.#flush()

  /** Calls the source at the end of the turn. */
  add(source: TurnSource): void {
    this.#sources.add(source)
    this.#schedule()
  }

  /** Writes an encoded volatile frame. */
  write(line: Line, frame: string): void {
    if (this.#isDirect) this.#turnTo(line)
    else {
      this.#lines.add(line)
      this.#schedule()
    }
    line.add(frame)
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    atTurnEnd(this.#end)
  }

  #flush(): void {
    this.#isScheduled = false
    const sources = this.#sources
    this.#sources = new Set()
    // Of one source, nothing more comes for a line. With many lines, going through all of them twice takes much longer.
    this.#isDirect = sources.size === 1 && this.#lines.size === 0
    try {
      for (const source of sources) source.deliver()
    } finally {
      this.#isDirect = false
      this.#turnTo(undefined)
    }
    const lines = this.#lines
    this.#lines = new Set()
    for (const line of lines) line.flushed()
  }

  #turnTo(line: Line | undefined): void {
    if (line === this.#last) return
    this.#last?.flushed()
    this.#last = line
  }
}
