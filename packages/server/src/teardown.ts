import { decodeText, encodeControl, isClientControl, printable } from '@holdfast/protocol'
import type { Bye, LostReason, Outcome } from '@holdfast/protocol'
import type { Connection } from './connection.ts'
import { createDeadlines } from './deadlines.ts'
import type { SessionRecord } from './session-record.ts'
import type { Policy } from './options.ts'
import type { PeerEnd } from './peer.ts'
import type { Registry } from './registry.ts'

/** The ways in which sessions end. */
export interface Teardown {
  /** Ends the session, and closes its connection if it has one. With the client's final cursor nothing is unknown. */
  end(record: SessionRecord, why: LostReason, code: number, details?: EndDetails): void
  /** The same for a session that nobody has come back for. The application hears of it when the result is called. */
  expire(record: SessionRecord): () => void
  /**
   * Says goodbye, and closes the connection when the client has answered with its final cursor, or soon after. Without a
   * connection it ends at once.
   */
  part(record: SessionRecord, why: LostReason, code: number, reason?: string): void
  /** The client says goodbye. */
  left(record: SessionRecord, bye: Bye, why: 'left' | 'drained', code: number, reason?: string): void
}

export interface EndDetails {
  /** How far the client got, if that can no longer change. */
  readonly finalCursor?: number | undefined
  /** The reason of the close, if it says more. */
  readonly reason?: string
}

export interface TeardownPorts {
  readonly policy: Policy
  readonly registry: Registry
  release(record: SessionRecord): Connection | undefined
  /** Calls a function that may call the application, once the step is over. */
  defer(event: () => void): void
  /** A session has ended that the application knows of. */
  ended(record: SessionRecord, end: PeerEnd): void
}

interface Farewell {
  finish(finalCursor?: number): void
}

/** What a session had at its end. */
interface Remains {
  readonly connection: Connection | undefined
  /** Messages that were never written. */
  readonly queued: number
  readonly isConfirmed: boolean
}

/** How long a client may take to answer a goodbye, in milliseconds. */
const farewellTimeout = 1_000

const unknown: Outcome = { status: 'unknown', reason: 'session-lost' }
const undelivered: Outcome = { status: 'undelivered', reason: 'session-lost' }

export function createTeardown({ policy, registry, release, defer, ended }: TeardownPorts): Teardown {
  const farewells = new Set<Farewell>()
  const overdue = createDeadlines<Farewell>(policy.ports.clock, farewellTimeout, (farewell) =>
    farewell.finish(),
  )

  /** From here on nothing is taken and nothing new is sent, so the receive cursor is final. */
  const retire = (record: SessionRecord, why: LostReason): Remains => {
    const remains = {
      connection: release(record),
      queued: record.outbox?.size ?? 0,
      isConfirmed: record.stage === 'confirmed',
    }
    registry.remove(record, why)
    record.stage = 'ended'
    // The application may listen to the signal that this aborts.
    if (record.stopRenewal) defer(record.stopRenewal)
    record.outbox?.refuse('session-lost')
    return remains
  }

  /** Settles what was written. */
  const settle = (
    { session }: SessionRecord,
    { queued }: Remains,
    why: PeerEnd['why'],
    finalCursor: number | undefined,
  ): PeerEnd => {
    // A cursor above what was written is a lie, and tells nothing.
    const isKnown = finalCursor !== undefined && session.acknowledge(finalCursor)
    const written = session.unacknowledged
    for (const message of session.end(isKnown ? finalCursor : undefined, unknown)) message.settle(undelivered)
    return !isKnown
      ? { why, undelivered: queued, unknown: written }
      : { why, undelivered: queued + written, unknown: 0 }
  }

  /** Tells the application, last of all. */
  const announce = (record: SessionRecord, { isConfirmed }: Remains, end: PeerEnd): void => {
    record.end = end
    record.requests?.lost()
    if (isConfirmed) ended(record, end)
  }

  /** Ends the session; the application hears of it when the result is called. */
  const finish = (
    record: SessionRecord,
    why: LostReason,
    code: number,
    { finalCursor, reason = why }: EndDetails,
  ): (() => void) => {
    const remains = retire(record, why)
    remains.connection?.close(code, reason)
    const end = settle(record, remains, why, finalCursor)
    return () => announce(record, remains, end)
  }

  return {
    end: (record, why, code, details = {}) => finish(record, why, code, details)(),
    // A client that has not confirmed its session in time may still be there.
    expire: (record) => finish(record, 'expired', 4408, {}),

    part(record, why, code, reason) {
      if (record.stage === 'ended') return
      record.outbox?.flush()
      const { session } = record
      const remains = retire(record, why)
      const { connection, queued } = remains
      if (!connection) return announce(record, remains, settle(record, remains, why, undefined))
      const farewell: Farewell = {
        finish(finalCursor) {
          if (!farewells.delete(farewell)) return
          overdue.delete(farewell)
          connection.close(code, reason)
          announce(record, remains, settle(record, remains, why, finalCursor))
        },
      }
      farewells.add(farewell)
      overdue.add(farewell)
      connection.ended = () => farewell.finish()
      connection.exceeded = () => farewell.finish()
      connection.receive = (payload) => {
        if (typeof payload !== 'string') return
        const decoded = decodeText(payload, policy.limits.decode, isClientControl)
        // Nothing else is taken any more.
        if (!('control' in decoded) || decoded.control[0] !== 'bye') return
        farewell.finish(decoded.control[1].rx)
      }
      connection.send(farewellOf(session, queued))
    },

    left(record, bye, why, code, reason) {
      // A client whose goodbye was not answered comes back, and hears why.
      const remains = retire(record, why === 'left' ? 'closed' : why)
      const { connection } = remains
      const end = { ...settle(record, remains, why, bye.rx), ...wordsOf(bye) }
      connection?.send(farewellOf(record.session, remains.queued))
      connection?.close(code, reason)
      announce(record, remains, end)
    },
  }
}

/** What the application of the client said at its end. */
function wordsOf({ code, reason }: Bye): Pick<PeerEnd, 'code' | 'reason'> {
  return { ...(code !== undefined && { code }), ...(reason && { reason: printable(reason) }) }
}

/** The server's goodbye. The client knows how far it got, and so what it has missed. */
function farewellOf({ rx, tx }: SessionRecord['session'], queued: number): string {
  return encodeControl(['bye', { rx, total: tx + queued }])
}
