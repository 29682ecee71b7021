import type { Encoded, SharedMessage } from './encoded.ts'

/** Counts the messages of a log that sessions share. */
export interface SharedBuffers {
  /** The log has a message, whichever sessions wait for it. */
  hold(bytes: number, shared: SharedMessage | undefined): void
  release(bytes: number, shared: SharedMessage | undefined): void
  /** So many more or fewer sessions wait for messages of the log. */
  wait(count: number): void
}

/** A broadcast in the log, or the place of the next one. */
class Entry {
  /** The number of sessions that read it next. */
  readers = 0
  encoded: Encoded | undefined
  next: Entry | undefined
}

/** The broadcasts that sessions have missed: from the oldest that one of them has not read. */
export class BroadcastLog {
  readonly buffers: SharedBuffers
  #first = new Entry()
  #end = this.#first

  constructor(buffers: SharedBuffers) {
    this.buffers = buffers
  }

  /** The place of the next broadcast. */
  get end(): Entry {
    return this.#end
  }

  append(encoded: Encoded): Entry {
    const entry = this.#end
    entry.encoded = encoded
    this.#end = entry.next = new Entry()
    this.buffers.hold(encoded.bytes, encoded.shared)
    this.trim()
    return entry
  }

  /** Drops what all have read. */
  trim(): void {
    for (; this.#first !== this.#end && this.#first.readers === 0; this.#first = this.#first.next!) {
      const { bytes, shared } = this.#first.encoded!
      this.buffers.release(bytes, shared)
    }
  }
}

/** The broadcasts that one session has missed. */
export class MissedBroadcasts {
  count = 0
  bytes = 0
  readonly #log: BroadcastLog
  #entry: Entry
  /** Those that are not for the session, from `#entry` on. */
  readonly #skipped = new Set<Entry>()

  /** Begins with the next broadcast. */
  constructor(log: BroadcastLog) {
    this.#log = log
    this.#entry = log.end
    this.#entry.readers++
  }

  /** The number of broadcasts that were left out, each of which takes memory. */
  get skipped(): number {
    return this.#skipped.size
  }

  /** Waits for the next broadcast, too. */
  wait(bytes: number): void {
    this.count++
    this.bytes += bytes
    this.#log.buffers.wait(1)
  }

  /** A broadcast was not for this session. */
  skip(entry: Entry): void {
    if (this.count > 0) return void this.#skipped.add(entry)
    this.#skipped.clear()
    this.#moveTo(this.#log.end)
  }

  /** Takes the next broadcast. Undefined if there is none, which ends the reading. */
  next(): Encoded | undefined {
    while (this.#entry !== this.#log.end) {
      const entry = this.#entry
      const encoded = entry.encoded!
      this.#moveTo(entry.next!)
      if (this.#skipped.delete(entry)) continue
      this.count--
      this.bytes -= encoded.bytes
      this.#log.buffers.wait(-1)
      return encoded
    }
    this.close()
    return undefined
  }

  /** The session has ended, or has read everything. */
  close(): void {
    this.#entry.readers--
    this.#log.buffers.wait(-this.count)
    this.#log.trim()
  }

  #moveTo(entry: Entry): void {
    this.#entry.readers--
    entry.readers++
    this.#entry = entry
    this.#log.trim()
  }
}
