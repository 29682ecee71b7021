import { decodeText, encodeControl, isClientControl, printable } from '@holdfast/protocol'
import type { Bye, Endpoint, Outcome, Payload } from '@holdfast/protocol'
import type { Connection, ConnectionOwner } from './connection.ts'
import type { HubParts } from './hub-parts.ts'
import type { PeerEnd } from './peer.ts'
import type { EndDetails, SessionRecord } from './session-record.ts'

/** How long a client may take to answer a goodbye, in milliseconds. */
export const goodbyeTimeout = 1_000

const unknown: Outcome = { status: 'unknown', reason: 'session-lost' }
const undelivered: Outcome = { status: 'undelivered', reason: 'session-lost' }

/** What a session had when it was taken off its connection for good. */
export interface Remainder {
  readonly why: PeerEnd['why']
  readonly connection: Connection | undefined
  /** How many messages were never written. */
  readonly queued: number
  readonly endpoint: Endpoint | undefined
  readonly isConfirmed: boolean
}

/** The end of one session, from when nothing new is sent or taken until the application has heard of it. */
export class Teardown implements ConnectionOwner {
  /** How the session ended, once the application is to hear of it. */
  end: PeerEnd | undefined
  readonly #parts: HubParts
  readonly #record: SessionRecord
  readonly #remainder: Remainder
  /** What the connection is to be closed with when the client has said goodbye as well. */
  #closing: readonly [code: number, reason: string | undefined] = [1000, undefined]

  constructor(parts: HubParts, record: SessionRecord, remainder: Remainder) {
    this.#parts = parts
    this.#record = record
    this.#remainder = remainder
  }

  /** Closes the connection. The application hears of it when the result is called. */
  close(code: number, { finalCursor, reason }: EndDetails = {}): () => void {
    const { connection, why } = this.#remainder
    connection?.close(code, reason ?? why)
    const end = this.#settle(finalCursor)
    return () => this.#announce(end)
  }

  /** Says goodbye, and closes the connection when the client has answered, or soon after. */
  sayGoodbye(code: number, reason?: string): void {
    const { connection } = this.#remainder
    if (!connection) return this.finish()
    this.#closing = [code, reason]
    this.#parts.goodbyes.add(this)
    connection.take(this)
    connection.send(this.#goodbye())
  }

  /** Answers the goodbye of the client, and closes the connection. */
  answerGoodbye({ rx, code, reason }: Bye, ...closing: [code: number, reason?: string]): void {
    const { connection } = this.#remainder
    const end = this.#settle(rx)
    connection?.send(this.#goodbye())
    connection?.close(...closing)
    const words = { ...(code !== undefined && { code }), ...(reason && { reason: printable(reason) }) }
    this.#announce({ ...end, ...words })
  }

  /** Waits for the goodbye of the client no longer. */
  finish(finalCursor?: number): void {
    this.#parts.goodbyes.delete(this)
    this.#remainder.connection?.close(...this.#closing)
    this.#announce(this.#settle(finalCursor))
  }

  receive(payload: Payload): void {
    if (typeof payload !== 'string') return
    const decoded = decodeText(payload, this.#parts.policy.limits.decode, isClientControl)
    // Nothing else is taken any more.
    if ('control' in decoded && decoded.control[0] === 'bye') this.finish(decoded.control[1].rx)
  }

  ended(): void {
    this.finish()
  }

  exceeded(): void {
    this.finish()
  }

  /** The client knows how far it got, and so what it has missed. */
  #goodbye(): string {
    const { rx, tx } = this.#record.session
    return encodeControl(['bye', { rx, total: tx + this.#remainder.queued }])
  }

  /** Settles what was written. */
  #settle(finalCursor: number | undefined): PeerEnd {
    const { session } = this.#record
    const { why, queued } = this.#remainder
    // A cursor above what was written is a lie, and tells nothing.
    const isKnown = finalCursor !== undefined && session.acknowledge(finalCursor)
    const written = session.unacknowledged
    for (const message of session.end(isKnown ? finalCursor : undefined, unknown)) message.settle(undelivered)
    return isKnown
      ? { why, undelivered: queued + written, unknown: 0 }
      : { why, undelivered: queued, unknown: written }
  }

  /** Tells the application, last of all. */
  #announce(end: PeerEnd): void {
    const { lifecycle } = this.#parts
    const { endListeners, peer } = this.#record
    const { endpoint } = this.#remainder
    this.end = end
    if (!this.#remainder.isConfirmed) return
    lifecycle.during(() => {
      if (endpoint) lifecycle.defer(() => endpoint.lost())
      if (endListeners) lifecycle.defer(() => endListeners.emit('end', end))
      lifecycle.announce('closed', { ...end, peer })
    })
  }
}
