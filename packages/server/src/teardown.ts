import { decodeText, encodeControl, isClientControl, printable } from '@holdfast/protocol'
import type { Bye, Endpoint, Outcome, Payload } from '@holdfast/protocol'
import type { Connection, ConnectionOwner } from './connection.ts'
import { countOne } from './counters.ts'
import type { HubParts } from './hub-parts.ts'
import type { PeerEnd } from './peer.ts'
import type { EndDetails, SessionRecord } from './session-record.ts'

/** How long a client may take to answer a `bye`, in milliseconds. */
export const goodbyeTimeout = 1_000

const unknown: Outcome = { status: 'unknown', reason: 'session-lost' }
const undelivered: Outcome = { status: 'undelivered', reason: 'session-lost' }

/** The state of a session when it was unbound from its last connection. */
export interface Remainder {
  readonly why: PeerEnd['why']
  readonly connection: Connection | undefined
  /** The number of unwritten messages. */
  readonly queued: number
  readonly endpoint: Endpoint | undefined
  readonly isConfirmed: boolean
}

/** The end of a session: from the last accepted message until the application was notified. */
export class Teardown implements ConnectionOwner {
  /** How the session ended, once the application is to be notified. */
  end: PeerEnd | undefined
  readonly #parts: HubParts
  readonly #record: SessionRecord
  readonly #remainder: Remainder
  /** The close of the connection, for when the client has sent `bye` as well. */
  #closing: readonly [code: number, reason: string | undefined] = [1000, undefined]

  constructor(parts: HubParts, record: SessionRecord, remainder: Remainder) {
    this.#parts = parts
    this.#record = record
    this.#remainder = remainder
  }

  /** Closes the connection. Calling the result notifies the application. */
  close(code: number, { finalCursor, reason }: EndDetails = {}): () => void {
    const { connection, why } = this.#remainder
    connection?.close(code, reason ?? why)
    const end = this.#settle(finalCursor)
    return () => this.#announce(end)
  }

  /**
   * Sends `bye`, and closes the connection when the client has answered with its final cursor, or soon after. Without
   * a connection the session ends at once.
   */
  sayGoodbye(code: number, reason?: string): void {
    const { connection } = this.#remainder
    if (!connection) return this.finish()
    this.#closing = [code, reason]
    this.#parts.goodbyes.add(this)
    connection.take(this)
    connection.send(this.#goodbye())
  }

  /** Answers the `bye` of the client, and closes the connection. */
  answerGoodbye({ rx, code, reason }: Bye, ...closing: [code: number, reason?: string]): void {
    const { connection } = this.#remainder
    const end = this.#settle(rx)
    connection?.send(this.#goodbye())
    connection?.close(...closing)
    const words = { ...(code !== undefined && { code }), ...(reason && { reason: printable(reason) }) }
    this.#announce({ ...end, ...words })
  }

  /** Stops waiting for the `bye` of the client. */
  finish(finalCursor?: number): void {
    this.#parts.goodbyes.delete(this)
    this.#remainder.connection?.close(...this.#closing)
    this.#announce(this.#settle(finalCursor))
  }

  receive(payload: Payload): void {
    if (typeof payload !== 'string') return
    const decoded = decodeText(payload, this.#parts.policy.limits.decode, isClientControl)
    // No other message is accepted any more.
    if ('control' in decoded && decoded.control[0] === 'bye') this.finish(decoded.control[1].rx)
  }

  ended(): void {
    this.finish()
  }

  exceeded(): void {
    this.finish()
  }

  /** The `bye` of the server. The client knows its receive cursor, and so what it has missed. */
  #goodbye(): string {
    const { rx, tx } = this.#record.session
    return encodeControl(['bye', { rx, total: tx + this.#remainder.queued }])
  }

  /** Settles the written messages. */
  #settle(finalCursor: number | undefined): PeerEnd {
    const { session } = this.#record
    const { why, queued } = this.#remainder
    // A cursor above the written messages is invalid, and ignored.
    const isKnown = finalCursor !== undefined && session.acknowledge(finalCursor)
    const written = session.unacknowledged
    for (const message of session.end(isKnown ? finalCursor : undefined, unknown)) message.settle(undelivered)
    return isKnown
      ? { why, undelivered: queued + written, unknown: 0 }
      : { why, undelivered: queued, unknown: written }
  }

  /** Notifies the application, as the last step. */
  #announce(end: PeerEnd): void {
    const { lifecycle } = this.#parts
    const { endListeners, peer } = this.#record
    const { endpoint } = this.#remainder
    this.end = end
    if (!this.#remainder.isConfirmed) return
    countOne(lifecycle.counters.ended, end.why)
    lifecycle.during(() => {
      if (endpoint) lifecycle.defer(() => endpoint.lost())
      if (endListeners) lifecycle.defer(() => endListeners.emit('end', end))
      lifecycle.announce('closed', { ...end, peer })
    })
  }
}
