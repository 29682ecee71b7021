import type { Body, Queued, SendOptions, Sent } from '@holdfast/protocol'
import { MissedBroadcasts } from './broadcast-log.ts'
import type { BroadcastLog } from './broadcast-log.ts'
import type { Encoded } from './encoded.ts'
import type { QueuedMessage } from './moves/snapshot.ts'
import { exceededLimit, Outgoing } from './outgoing.ts'
import type { OutgoingParts, OutgoingRecord } from './outgoing.ts'
import type { WaitingMessages } from './session-record.ts'

/** How many broadcasts may be left out for a session that has missed others, before it gets copies of those. */
const maxSkipped = 256

/**
 * The messages of a session that wait for its client: broadcasts that it has missed, which are in a log that sessions share, messages that
 * are written or will be, and messages that another hub will write. Each of the three is created on demand.
 */
export class MessagesToClient implements WaitingMessages {
  readonly #parts: OutgoingParts
  readonly #record: OutgoingRecord
  #missed: MissedBroadcasts | undefined
  #outgoing: Outgoing | undefined
  #held: Outgoing | undefined

  constructor(parts: OutgoingParts, record: OutgoingRecord) {
    this.#parts = parts
    this.#record = record
  }

  get count(): number {
    return (this.#outgoing?.count ?? 0) + (this.#held?.count ?? 0) + (this.#missed?.count ?? 0)
  }

  get bytes(): number {
    return (this.#outgoing?.bytes ?? 0) + (this.#held?.bytes ?? 0) + (this.#missed?.bytes ?? 0)
  }

  get queued(): number {
    return (this.#outgoing?.queued ?? 0) + (this.#held?.queued ?? 0) + (this.#missed?.count ?? 0)
  }

  get missed(): MissedBroadcasts | undefined {
    return this.#missed
  }

  /** Whether new messages are held for another hub. */
  get isHolding(): boolean {
    return this.#held !== undefined
  }

  /** Sends a message of the application, now or on the next connection; or holds it for another hub. */
  push(encoded: Encoded, how: SendOptions): Sent {
    if (this.#held && this.#record.stage !== 'ended') return this.#held.push(encoded, how)
    return this.write(encoded, how)
  }

  /** Sends a message from this hub, now or on the next connection. */
  write(encoded: Encoded, how: SendOptions): Sent {
    // What was sent before comes first.
    if (!how.volatile) this.#takeMissed(Infinity)
    return this.#create().push(encoded, how)
  }

  miss(log: BroadcastLog, encoded: Encoded): boolean {
    const record = this.#record
    if (record.connection && !this.#missed) return false
    if (this.#missed && this.#missed.skipped >= maxSkipped) {
      this.#takeMissed(Infinity)
      return this.miss(log, encoded)
    }
    const { bytes } = encoded
    const limit = exceededLimit(this.#parts, record, this, bytes)
    if (limit) record.overflow(limit)
    if (record.stage === 'ended' || bytes > record.maxMessageBytes) return false
    this.#parts.lifecycle.counters.sentMessages++
    this.#missed ??= new MissedBroadcasts(log)
    this.#missed.wait(bytes)
    return true
  }

  /** Writes messages that can be written, in slices. */
  flush(): void {
    this.#catchUp()
    this.#outgoing?.flush()
  }

  flushAll(): void {
    if (this.#record.connection) this.#takeMissed(Infinity)
    this.#outgoing?.flushAll()
  }

  progressed(): void {
    this.#catchUp()
    this.#outgoing?.progressed()
  }

  /** Gives back the memory that only a session at work needs. */
  rest(): void {
    this.#catchUp()
    if (this.count === 0) this.#outgoing = undefined
  }

  /** Writes what was sent before, and holds for another hub what the application sends from now on. */
  hold(): void {
    this.flushAll()
    this.#held = new Outgoing(this.#parts, this.#record, 'held')
  }

  /** Takes the unwritten messages out, in order, for another hub. The session may end meanwhile, if it has missed too many. */
  takeQueued(): readonly Queued<Body>[] {
    this.#takeMissed(Infinity)
    return [this.#outgoing, this.#held].flatMap((each) => each?.takeQueued() ?? [])
  }

  /** Goes on with the messages of another hub: those that it has written, and those that it has not. */
  restore(written: readonly Body[], queued: readonly QueuedMessage[]): void {
    if (written.length + queued.length > 0) this.#create().restore(written, queued)
  }

  /** Settles all unwritten and new messages as undelivered: the session has ended. */
  refuse(): void {
    this.#outgoing?.refuse()
    this.#held?.refuse()
    this.#missed?.close()
    this.#missed = undefined
  }

  #create(): Outgoing {
    return (this.#outgoing ??= new Outgoing(this.#parts, this.#record))
  }

  /** Takes as many of the missed broadcasts as the client may have, so that sessions which resume together take little memory. */
  #catchUp(): void {
    const { connection, session } = this.#record
    if (connection) this.#takeMissed(session.window[0])
  }

  /** Takes missed broadcasts until so many messages are queued. */
  #takeMissed(count: number): void {
    const missed = this.#missed
    if (!missed) return
    const outgoing = this.#create()
    while (this.#missed && outgoing.queued < count) {
      const encoded = missed.next()
      if (encoded) outgoing.add(encoded)
      else this.#missed = undefined
    }
    this.#parts.buffers.relieve()
  }
}
