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

  push(encoded: Encoded, how: SendOptions): Sent {
    const { buffers, lifecycle } = this.#parts
    const limit = how.volatile ? undefined : exceededLimit(this.#parts, this.#record, encoded.bytes)
    if (limit) this.#record.overflow(limit)
    lifecycle.counters.sentMessages++
    const delivery = this.take(encoded, how)
    buffers.relieve()
    return delivery
  }

  /** Takes a message that has been counted. */
  take({ body, bytes, shared }: Encoded, how: SendOptions = {}): Sent {
    this.messages++
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

  #settled(shared: SharedMessage | undefined, { status }: Outcome, bytes: number): void {
    this.messages--
    this.bytes -= bytes
    this.#parts.buffers.remove(bytes, shared)
    if (status === 'delivered') this.#parts.lifecycle.counters.deliveredMessages++
  }
}

/** Returns the limit that one more message for a session exceeds. */
export function exceededLimit(
  { policy }: Pick<HubParts, 'policy'>,
  record: SessionRecord,
  bytes: number,
): LimitName | undefined {
  const { maxBufferedMessages, maxBufferedBytes } = policy.limits
  // A message that is too large for the client is not sent.
  if (record.stage === 'ended' || bytes > record.maxMessageBytes) return undefined
  if (record.messages >= maxBufferedMessages) return 'maxBufferedMessages'
  return record.bytes + bytes > maxBufferedBytes ? 'maxBufferedBytes' : undefined
}
