import { atTurnEnd } from '@holdfast/protocol'
import type { Line } from '@holdfast/protocol'

/** Sends at the end of the turn what was written in it: with one microtask for all clients. */
export class Turn {
  readonly #lines = new Set<Line>()
  readonly #end = (): void => this.flush()

  /** Writes an encoded volatile frame. */
  write(line: Line, frame: string): void {
    if (this.#lines.size === 0) atTurnEnd(this.#end)
    this.#lines.add(line)
    line.add(frame)
  }

  flush(): void {
    for (const line of this.#lines) line.flushed()
    this.#lines.clear()
  }
}
