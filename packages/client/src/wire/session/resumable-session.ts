import { createSession, defaultMaxPayloadBytes } from '@holdfast/protocol'
import type {
  Body,
  Hi,
  Ok,
  Outcome,
  Outgoing,
  Session,
  UndeliveredReason,
  UnknownReason,
} from '@holdfast/protocol'
import type { Cause } from '../../connection/cause.ts'
import type { Loss, Queue, WireHost } from '../wire.ts'

/**
 * The session that client and server resume from connection to connection, and what becomes of its messages at its end. All
 * that outlives a conversation is here.
 */
export interface ResumableSession {
  /** Undefined before the first one, and after an end until the server gives a new one. */
  readonly session: Session<Body> | undefined
  /** How many messages were written and have no outcome yet. */
  readonly unacknowledged: number
  /** What a server has to hear to resume the session. */
  claim(): Pick<Hi, 'session' | 'key' | 'rx'> | undefined
  /** Whether the server goes on with the session, and if so, takes its acks. Undefined when what it says cannot be. */
  resume(ok: Ok): boolean | undefined
  /** How long to wait for a sign of life, as a multiple: it doubles with each connection in a row that fell silent. */
  readonly patience: number
  /** The server has proved to be there: with an ack, or in any way while nothing waits for one. */
  proved(): void
  /** A connection on which the session was live has ended. */
  disconnected(cause: Cause): void
  /**
   * The session goes on. True if the last connection ended as if a message had been at fault: then each is to be a frame of
   * its own. The oldest one that ends two connections in a row is at fault, and a void frame takes its number.
   */
  quarantineOldest(): boolean
  /** Takes the session that the server gives in place of the one that may be held. */
  begin(ok: Ok, queue: Queue): void
  /**
   * Settles what was written: by the final cursor of the server if it is known, else as unknown. Tells how many messages
   * were undelivered or unknown, if there was a session.
   */
  end(
    finalCursor: number | undefined,
    reason: UnknownReason,
  ): Pick<Loss, 'undelivered' | 'unknown'> | undefined
  /** The largest message that the server takes, in bytes. */
  readonly maxSendBytes: number
  /** Settles what waits for the next session. */
  discard(reason: UndeliveredReason): void
}

/** After one of these closes, a message that was written may be at fault. */
const poisonCodes = [1003, 1007, 1009]

/** `onEnd` is called at each end, once the messages are settled or put aside for the next session. */
export function createResumableSession(host: Pick<WireHost, 'lost'>, onEnd: () => void): ResumableSession {
  let session: Session<Body> | undefined
  /** The `ok` that it came with. */
  let given: Ok | undefined
  let identity: string | null | undefined
  /** Messages that were written, and certainly not handed on: the first ones of the next session. */
  const carried: Outgoing<Body>[] = []
  let isDisposed = false
  /** The number of the message that was suspected last. */
  let suspect = 0
  /** The last connection ended as if a message of ours had been at fault. */
  let isSuspect = false
  /** How many connections in a row fell silent before the server proved to be there. */
  let silences = 0
  let maxSendBytes = defaultMaxPayloadBytes

  const isSameUser = (ok: Ok): boolean => identity === undefined || identity === ok.identity

  const discard = (reason: UndeliveredReason): void => {
    for (const message of carried.splice(0)) message.settle({ status: 'undelivered', reason })
  }

  const endSession: ResumableSession['end'] = (finalCursor, reason) => {
    isDisposed ||= reason === 'disposed'
    const ended = session
    if (!ended) return undefined
    const written = ended.unacknowledged
    session = undefined
    const unknown: Outcome = { status: 'unknown', reason }
    // A cursor above what was written is a lie, and tells nothing.
    const isKnown = finalCursor !== undefined && finalCursor <= ended.tx
    const rest = ended.end(isKnown ? finalCursor : undefined, unknown)
    // An answer is of no use in another session.
    const undelivered = rest.filter((message) => !message.own)
    carried.push(...undelivered)
    if (isDisposed) discard('disposed')
    onEnd()
    return { undelivered: undelivered.length, unknown: isKnown ? 0 : written }
  }

  const quarantineOldest = (): boolean => {
    const wasSuspect = isSuspect
    isSuspect = false
    if (!wasSuspect || !session?.unacknowledged) return wasSuspect
    const oldest = session.tx - session.unacknowledged + 1
    if (suspect === oldest) session.withdraw({ status: 'undelivered', reason: 'rejected' })
    suspect = oldest
    return true
  }

  return {
    get session() {
      return session
    },
    get unacknowledged() {
      return session?.unacknowledged ?? carried.length
    },
    get maxSendBytes() {
      return maxSendBytes
    },
    get patience() {
      return 2 ** Math.min(silences, 4)
    },
    quarantineOldest,
    proved() {
      silences = 0
    },
    disconnected({ reason, code = 0 }) {
      if (reason === 'silent') silences++
      isSuspect = reason === 'send-failed' || (reason !== 'protocol' && poisonCodes.includes(code))
    },
    claim: () => session && { session: given!.session, key: given!.key, rx: session.rx },
    resume(ok) {
      maxSendBytes = ok.maxPayload - 64
      const isResumed = session !== undefined && given!.session === ok.session
      if (isResumed && (!isSameUser(ok) || !session!.acknowledge(ok.rx))) return undefined
      return isResumed
    },
    begin(ok, queue) {
      const loss = endSession(ok.lost?.rx ?? undefined, 'session-lost')
      if (!isSameUser(ok)) {
        discard('session-lost')
        queue.discard('session-lost')
      }
      identity = ok.identity
      isSuspect = false
      const current = createSession<Body>()
      given = ok
      session = current
      suspect = 0
      for (const message of carried.splice(0))
        if (message.bytes > maxSendBytes) message.settle({ status: 'undelivered', reason: 'too-large' })
        else current.number(message)
      const { why = 'unknown', missed } = ok.lost ?? {}
      if (loss) host.lost({ why, missed: missed ?? undefined, ...loss })
    },
    end: endSession,
    discard,
  }
}
