import { decodeText, encodeControl, isClientControl, printable } from '@holdfast/protocol'
import type { Body, Bye, LostReason, Outcome, Payload, Session } from '@holdfast/protocol'
import type { Connection, ConnectionOwner } from './connection.ts'
import type { Deadlines } from './deadlines.ts'
import type { Policy } from './options.ts'
import type { PeerEnd } from './peer.ts'

/** How long a client may take to answer a goodbye, in milliseconds. */
export const goodbyeTimeout = 1_000

const unknown: Outcome = { status: 'unknown', reason: 'session-lost' }
const undelivered: Outcome = { status: 'undelivered', reason: 'session-lost' }

/** What a session has that is not settled yet, once nothing new is sent or taken. */
export interface Remainder {
  readonly session: Session<Body>
  /** How many messages were never written. */
  readonly queued: number
}

/** Settles what was written to a session that ends. */
export function settle(
  { session, queued }: Remainder,
  why: 'left' | LostReason,
  finalCursor: number | undefined,
): PeerEnd {
  // A cursor above what was written is a lie, and tells nothing.
  const isKnown = finalCursor !== undefined && session.acknowledge(finalCursor)
  const written = session.unacknowledged
  for (const message of session.end(isKnown ? finalCursor : undefined, unknown)) message.settle(undelivered)
  return isKnown
    ? { why, undelivered: queued + written, unknown: 0 }
    : { why, undelivered: queued, unknown: written }
}

/** The goodbye of the hub. The client knows how far it got, and so what it has missed. */
export function encodeGoodbye({ session: { rx, tx }, queued }: Remainder): string {
  return encodeControl(['bye', { rx, total: tx + queued }])
}

/** What the application of the client said at its end. */
export function wordsOf({ code, reason }: Bye): Pick<PeerEnd, 'code' | 'reason'> {
  return { ...(code !== undefined && { code }), ...(reason && { reason: printable(reason) }) }
}

interface GoodbyeParts {
  readonly policy: Policy
  readonly goodbyes: Deadlines<{ finish(): void }>
}

/** Owns the connection of a session that has ended, until the client has said goodbye as well, or for a short time. */
export class Goodbye implements ConnectionOwner {
  readonly #parts: GoodbyeParts
  #done: ((finalCursor?: number) => void) | undefined

  /** `done` is called once: with how far the client got, if it says so. */
  constructor(parts: GoodbyeParts, done: (finalCursor?: number) => void) {
    this.#parts = parts
    this.#done = done
  }

  say(connection: Connection, remainder: Remainder): void {
    connection.take(this)
    this.#parts.goodbyes.add(this)
    connection.send(encodeGoodbye(remainder))
  }

  finish(finalCursor?: number): void {
    const done = this.#done
    this.#done = undefined
    this.#parts.goodbyes.delete(this)
    done?.(finalCursor)
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
}
