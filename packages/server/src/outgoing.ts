import { createOutbox } from '@holdfast/protocol'
import type { Body, Line, Link, Outbox, Outcome, SendOptions, Sent } from '@holdfast/protocol'
import type { Outgoing as Message } from '@holdfast/protocol'
import type { Encoded, SharedMessage } from './encoded.ts'
import type { HubParts } from './hub-parts.ts'
import type { LimitName } from './limits.ts'
import type { SessionRecord } from './session-record.ts'

const batchBytes = 16_384
/** The bounds of the outbox would drop messages; here the session ends instead. */
const unbounded = { maxMessages: Infinity, maxBytes: Infinity }

/** The outbound messages of a session. It outlives connections, so it writes to the current line. */
export class Outgoing implements Link<Body> {
  readonly batchBytes: number = batchBytes
  /** Messages that wait to be written or acknowledged, and their bytes. */
  messages = 0
  bytes = 0
  readonly #parts: HubParts
  readonly #record: SessionRecord
  readonly #outbox: Outbox<Body, SharedMessage | undefined>
  #written: Line | undefined
  /** The window of the client was full when a message was to be written. */
  #isBlocked = false

  constructor(parts: HubParts, record: SessionRecord) {
    this.#parts = parts
    this.#record = record
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

  push({ body, bytes, shared }: Encoded, how: SendOptions): Sent {
    const { buffers, lifecycle } = this.#parts
    const limit = how.volatile ? undefined : this.#exceeded(bytes)
    if (limit) this.#record.overflow(limit)
    this.messages++
    this.bytes += bytes
    lifecycle.counters.sentMessages++
    buffers.add(bytes, shared)
    const delivery = this.#outbox.push(body, bytes, shared, how)
    buffers.relieve()
    return delivery
  }

  flush(): void {
    this.#outbox.flush()
  }

  flushAll(): void {
    this.#outbox.flushAll()
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
    return this.#record.connection?.bufferedAmount ?? 0
  }

  isWritable(bytes: number): boolean {
    const isWritable = this.#record.line?.isWritable(bytes) ?? false
    this.#isBlocked = !isWritable
    return isWritable
  }

  write(message: Message<Body>): boolean {
    this.#written = this.#record.line!
    return this.#written.write(message)
  }

  /** Even if that line is closed by now: it then settles the messages that it could not send. */
  flushed(): void {
    this.#written?.flushed?.()
    this.#written = undefined
  }

  ask(): void {
    this.#record.line?.ask()
  }

  /** Returns the limit that one more message exceeds. */
  #exceeded(bytes: number): LimitName | undefined {
    const { maxBufferedMessages, maxBufferedBytes } = this.#parts.policy.limits
    // A message that is too large for the client is not sent.
    if (this.#record.stage === 'ended' || bytes > this.#record.maxMessageBytes) return undefined
    if (this.messages >= maxBufferedMessages) return 'maxBufferedMessages'
    return this.bytes + bytes > maxBufferedBytes ? 'maxBufferedBytes' : undefined
  }

  #settled(shared: SharedMessage | undefined, { status }: Outcome, bytes: number): void {
    this.messages--
    this.bytes -= bytes
    this.#parts.buffers.remove(bytes, shared)
    if (status === 'delivered') this.#parts.lifecycle.counters.deliveredMessages++
  }
}
