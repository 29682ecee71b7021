import type { SendOptions } from '@holdfast/protocol'
import type { Buffers } from './buffers.ts'
import type { DeferredEvents } from './deferred-events.ts'
import type { Encoded } from './encoded.ts'
import type { Outbound } from './outbound.ts'
import type { SessionRecord } from './session-record.ts'

interface BroadcastsParts {
  readonly outbound: Pick<Outbound, 'postToAll'>
  readonly buffers: Buffers
  readonly deferred: DeferredEvents
  /** Whether the messages of each session are traced. */
  readonly isTraced: boolean
  /** A hub that drains sends nothing new. */
  isOpen(): boolean
}

/**
 * Sends to many sessions. Those that are away read what they have missed from one log when they are back, so a broadcast
 * is not copied for each of them. It gets its number in the session then, as other messages do that could not be written before.
 */
export class Broadcasts {
  readonly #parts: BroadcastsParts
  readonly #log: BroadcastLog

  constructor(parts: BroadcastsParts) {
    this.#parts = parts
    this.#log = new BroadcastLog(parts.buffers)
  }

  /** `others` are the sessions that must not receive it. Some sessions may end because of it. */
  send(
    recipients: readonly SessionRecord[],
    others: readonly SessionRecord[],
    message: Encoded,
    how: SendOptions,
  ): void {
    const { outbound, buffers, deferred, isTraced } = this.#parts
    // Each of these may leave the queue of a session before it is written.
    const isPlain = !how.volatile && how.ttl === undefined && how.key === undefined && !how.signal
    if (!isPlain || isTraced || !this.#parts.isOpen()) return outbound.postToAll(recipients, message, how)
    const encoded = { ...message, shared: { holders: 0 } }
    deferred.during(() => {
      const present: SessionRecord[] = []
      for (const record of recipients)
        if (record.stage !== 'ended' && !record.miss(this.#log, encoded)) present.push(record)
      const entry = this.#log.append(encoded)
      for (const record of others) record.missed?.skip(entry)
      buffers.relieve()
      outbound.postToAll(present, encoded, how)
    })
  }
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
  readonly buffers: Buffers
  #first = new Entry()
  #end = this.#first

  constructor(buffers: Buffers) {
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
  messages = 0
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
    this.messages++
    this.bytes += bytes
    this.#log.buffers.wait(1)
  }

  /** A broadcast was not for this session. */
  skip(entry: Entry): void {
    if (this.messages > 0) return void this.#skipped.add(entry)
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
      this.messages--
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
    this.#log.buffers.wait(-this.messages)
    this.#log.trim()
  }

  #moveTo(entry: Entry): void {
    this.#entry.readers--
    entry.readers++
    this.#entry = entry
    this.#log.trim()
  }
}
