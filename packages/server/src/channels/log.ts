import type { LogBounds, LogEntry, LogRange, LogSlice, Place, Position } from './broker.ts'

/**
 * The newest publications of a channel, without holes, and the place before them. Knows no clock and no channel: the
 * memory broker keeps its logs in it, and a feed what it has read of one.
 */
export class Log {
  #epoch: string
  #before: Place
  #entries: LogEntry[]
  #bytes = 0

  /** @throws {Error} for what is no log */
  constructor({ epoch, before, entries }: Pick<LogSlice, 'epoch' | 'before' | 'entries'>) {
    this.#epoch = epoch
    this.#before = before
    this.#entries = []
    for (const entry of entries) this.append(entry)
  }

  get epoch(): string {
    return this.#epoch
  }

  get size(): number {
    return this.#entries.length
  }

  /** The texts of the entries, in UTF-16 units. */
  get bytes(): number {
    return this.#bytes
  }

  /** The place directly before the first entry. */
  get before(): Place {
    return this.#before
  }

  get head(): Place {
    return this.#entries.at(-1) ?? this.#before
  }

  /** The position of a subscriber that has everything. */
  get end(): Position {
    return positionOf(this.#epoch, this.head)
  }

  /**
   * Adds an entry, which must be the next one.
   *
   * @throws {Error} for another one, and for what is no entry
   */
  append(entry: LogEntry): void {
    const { offset, id, text } = entry
    const next = this.head.offset + 1
    if (offset !== next || typeof id !== 'string' || typeof text !== 'string')
      throw new Error(`a malformed log: no publication at the offset ${next}`)
    this.#entries.push(entry)
    this.#bytes += text.length
  }

  /** Drops the oldest entries that exceed the bounds. */
  trim({ maxMessages, maxBytes, maxAge }: LogBounds, now: number): void {
    const entries = this.#entries
    let count = 0
    for (const { at, text } of entries) {
      const isOver = entries.length - count > maxMessages || this.#bytes > maxBytes || at < now - maxAge
      if (!isOver) break
      count++
      this.#bytes -= text.length
    }
    if (count === 0) return
    const { offset, id } = entries[count - 1]!
    // Not the entry itself, whose text would stay in memory.
    this.#before = { offset, id }
    if (count === 1) entries.shift()
    else entries.splice(0, count)
  }

  /**
   * Decides about a publication that was brought, after the one with the id `before`: it is the next one, it is known, or something is
   * missing before it.
   */
  take(epoch: string, { offset, id }: Place, before: string): 'next' | 'old' | 'hole' {
    if (epoch !== this.#epoch) return 'hole'
    // The log may have lost its end, and uses the offsets again.
    if (offset === this.head.offset + 1) return before === this.head.id ? 'next' : 'hole'
    const known = this.#at(offset)
    return offset > this.head.offset || (known && known.id !== id) ? 'hole' : 'old'
  }

  /** Returns what is missing above a position; undefined if that is more than there is. */
  since({ epoch, offset, id }: Position): readonly LogEntry[] | undefined {
    if (epoch !== this.#epoch || this.#at(offset)?.id !== id) return undefined
    return this.#entries.slice(offset - this.#before.offset)
  }

  /** Returns how many publications are above a position that is not in the log any more; null if that is not known. */
  missedSince({ epoch, offset }: Position): number | null {
    return epoch === this.#epoch && offset < this.#before.offset ? this.head.offset - offset : null
  }

  /** Returns a part of the log. */
  slice(range: LogRange): LogSlice {
    const head = placeOf(this.head)
    const wanted = 'last' in range ? head.offset - range.last : range.after
    const after = Math.min(Math.max(wanted, this.#before.offset), head.offset)
    const from = after - this.#before.offset
    const entries = this.#entries.slice(from, from + (range.limit ?? Infinity))
    return { epoch: this.#epoch, head, before: placeOf(this.#at(after)!), entries }
  }

  /**
   * Takes what was read of the log. Returns what is new for a subscriber that had everything; undefined if it has missed something
   * that is not in the log any more.
   */
  adopt(slice: LogSlice): readonly LogEntry[] | undefined {
    const read = new Log(slice)
    const fresh = read.since(this.end)
    if (fresh && read.before.offset >= this.#before.offset) for (const entry of fresh) this.append(entry)
    else {
      this.#epoch = read.#epoch
      this.#before = read.#before
      this.#entries = read.#entries
      this.#bytes = read.#bytes
    }
    return fresh
  }

  #at(offset: number): Place | undefined {
    return offset === this.#before.offset ? this.#before : this.#entries[offset - this.#before.offset - 1]
  }
}

/** The position of an entry, or of the place before all of them. */
export function positionOf(epoch: string, { offset, id }: Place): Position {
  return { epoch, offset, id }
}

function placeOf({ offset, id }: Place): Place {
  return { offset, id }
}
