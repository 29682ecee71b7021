import { bodyBytes, createOutbox, voidBody } from '@holdfast/protocol'
import type { Body, Line, Link, Outbox, Outcome, Queued, SendOptions, Sent } from '@holdfast/protocol'
import type { Connection } from './connection.ts'
import type { Encoded, SharedMessage } from './encoded.ts'
import type { HubParts } from './hub-parts.ts'
import type { LimitName } from './limits.ts'
import type { QueuedMessage } from './moves/snapshot.ts'
import type { SessionRecord } from './session-record.ts'

const batchBytes = 16_384
/** The bounds of the outbox would drop messages; here the session ends instead. */
const unbounded = { maxMessages: Infinity, maxBytes: Infinity }

export type OutgoingParts = Pick<HubParts, 'policy' | 'lifecycle' | 'buffers'>

/** The session of the messages, and its connection. */
export interface OutgoingRecord extends Pick<
  SessionRecord,
  'session' | 'stage' | 'maxMessageBytes' | 'overflow'
> {
  readonly connection: Pick<Connection, 'bufferedAmount'> | undefined
  readonly line: Required<Pick<Line, keyof Link<Body>>> | undefined
}

/** The outbound messages of a session. It outlives connections, so it writes to the current line. */
export class Outgoing implements Link<Body> {
  readonly batchBytes: number = batchBytes
  /** The number of messages that wait to be written or acknowledged, and their bytes. */
  count = 0
  bytes = 0
  readonly #parts: OutgoingParts
  readonly #record: OutgoingRecord
  readonly #outbox: Outbox<Body, SharedMessage | undefined>
  readonly #isHeld: boolean
  #written: OutgoingRecord['line']
  /** The window of the client was full when a message was to be written. */
  #isBlocked = false
  /** Messages go here instead of to the line, while they are taken out. */
  #taken: Queued<Body>[] | undefined

  /** What is `held` is not written here, but taken for another hub. */
  constructor(parts: OutgoingParts, record: OutgoingRecord, use: 'written' | 'held' = 'written') {
    this.#parts = parts
    this.#record = record
    this.#isHeld = use === 'held'
    this.#outbox = createOutbox<Body, SharedMessage | undefined>(
      unbounded,
      () => record.maxMessageBytes,
      this,
      parts.policy.ports.clock,
      (shared, outcome, bytes) => this.#settled(shared, outcome, bytes),
    )
    if (record.stage === 'ended') this.refuse()
  }

  get queued(): number {
    return this.#outbox.size
  }

  push(encoded: Encoded, how: SendOptions): Sent {
    const { buffers, lifecycle } = this.#parts
    const limit = how.volatile ? undefined : exceededLimit(this.#parts, this.#record, this, encoded.bytes)
    if (limit) this.#record.overflow(limit)
    lifecycle.counters.sentMessages++
    const delivery = this.add(encoded, how)
    buffers.relieve()
    return delivery
  }

  /** Adds a message that has been counted. */
  add({ body, bytes, shared }: Encoded, how: SendOptions = {}): Sent {
    this.count++
    this.bytes += bytes
    this.#parts.buffers.add(bytes, shared)
    return this.#outbox.push(body, bytes, shared, how)
  }

  flush(): void {
    this.#outbox.flush()
  }

  flushAll(): void {
    this.#outbox.flushAll()
  }

  /**
   * Takes the messages that are not written out of the queue, in order, for another hub. Their outcome is up to the caller; volatile
   * ones, which could not be sent now, are dropped.
   */
  takeQueued(): readonly Queued<Body>[] {
    const taken = (this.#taken = [])
    this.#outbox.flushAll()
    this.#taken = undefined
    return taken
  }

  /**
   * Goes on with the messages of another hub, before any other message is sent: those that it has written get their numbers again.
   */
  restore(written: readonly Body[], queued: readonly QueuedMessage[]): void {
    for (const body of written) this.#restoreWritten(body)
    for (const { body, key, ttl } of queued)
      if (ttl > 0)
        this.push(
          { body, bytes: bodyBytes(body), shared: undefined },
          { ttl, ...(key !== undefined && { key }) },
        )
  }

  /** Settles all queued and new messages as undelivered. */
  refuse(): void {
    this.#outbox.refuse('session-lost')
  }

  progressed(): void {
    if (!this.#isBlocked) return
    this.#isBlocked = false
    this.#outbox.flush()
  }

  bufferedAmount(): number {
    return this.#taken ? 0 : (this.#record.connection?.bufferedAmount ?? 0)
  }

  isWritable(bytes: number): boolean {
    if (this.#taken) return true
    const isWritable = !this.#isHeld && (this.#record.line?.isWritable(bytes) ?? false)
    this.#isBlocked = !isWritable
    return isWritable
  }

  write(message: Queued<Body>): boolean {
    if (this.#taken) return this.#take(message, this.#taken)
    const line = this.#record.line!
    this.#written = line
    return line.write(message)
  }

  /** Even if that line is closed by now: it then settles the messages that it could not send. */
  flushed(): void {
    this.#written?.flushed()
    this.#written = undefined
  }

  ask(): void {
    this.#record.line?.ask()
  }

  #take(message: Queued<Body>, taken: Queued<Body>[]): boolean {
    if (message.volatile) message.settle({ status: 'undelivered', reason: 'volatile' })
    else taken.push(message)
    return true
  }

  /** The message has a number, whatever the limits of this hub are. */
  #restoreWritten(body: Body): void {
    const { session } = this.#record
    if (body === voidBody) return void session.number({ body, bytes: 0, volatile: false, settle() {} })
    const bytes = bodyBytes(body)
    this.count++
    this.bytes += bytes
    this.#parts.buffers.add(bytes, undefined)
    session.number({
      body,
      bytes,
      volatile: false,
      settle: (outcome) => this.#settled(undefined, outcome, bytes),
    })
  }

  #settled(shared: SharedMessage | undefined, { status }: Outcome, bytes: number): void {
    this.count--
    this.bytes -= bytes
    this.#parts.buffers.remove(bytes, shared)
    if (status === 'delivered') this.#parts.lifecycle.counters.deliveredMessages++
  }
}

/** Returns the limit that one more message for a session exceeds. */
export function exceededLimit(
  { policy }: Pick<HubParts, 'policy'>,
  { stage, maxMessageBytes }: Pick<SessionRecord, 'stage' | 'maxMessageBytes'>,
  waiting: { readonly count: number; readonly bytes: number },
  bytes: number,
): LimitName | undefined {
  const { maxBufferedMessages, maxBufferedBytes } = policy.limits
  // A message that is too large for the client is not sent.
  if (stage === 'ended' || bytes > maxMessageBytes) return undefined
  if (waiting.count >= maxBufferedMessages) return 'maxBufferedMessages'
  return waiting.bytes + bytes > maxBufferedBytes ? 'maxBufferedBytes' : undefined
}
