import { createSession, defaultMaxPayloadBytes, isPoison, printable } from '@holdfast/protocol'
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
 * The session that client and server hold across connections; settles its messages when it ends. All that outlives a
 * conversation is here.
 */
export interface ResumableSession {
  /** Undefined before the first session, and after an end until the server creates a new one. */
  readonly session: Session<Body> | undefined
  /** The number of written messages without an outcome. */
  readonly unacknowledged: number
  /** Returns those messages, in order; undefined for a withdrawn one. */
  written(): readonly (Outgoing<Body> | undefined)[]
  /** The members of a `hi` that resume the session. */
  claim(): Pick<Hi, 'session' | 'key' | 'rx'> | undefined
  /**
   * Returns whether the server resumes the session, and if so, processes its ack. Undefined for an impossible `ok`;
   * `forgotten` if the server does not know what it has acknowledged, because a store has lost it: the session has then ended.
   */
  resume(ok: Ok): boolean | 'forgotten' | undefined
  /** How long to wait for a sign of life, as a multiple: it doubles with each connection in a row that fell silent. */
  readonly patience: number
  /** The server has proved to be there: with an ack, or in any way while nothing waits for one. */
  proved(): void
  /** A connection on which the session was live has ended. */
  disconnected(cause: Cause): void
  /** Returns whether each message must be a frame of its own, because one may have ended the last connection. */
  quarantineOldest(): boolean
  /** Replaces the session, if any, with a new one of the server. */
  begin(ok: Ok, queue: Queue): void
  /**
   * Settles the written messages: by the final cursor of the server if it is known, else as unknown. Returns how many
   * were undelivered or unknown, if there was a session.
   */
  end(finalCursor: number | undefined, reason: UnknownReason): Counts | undefined
  /** Ends the session without a final cursor, and reports the loss. */
  lose(why: Loss['why']): void
  /** The largest message that the server takes, in bytes. */
  readonly maxSendBytes: number
  /** Settles the messages that wait for the next session. */
  discard(reason: UndeliveredReason): void
}

type Counts = Pick<Loss, 'undelivered' | 'unknown'>

/** `onEnd` is called at each end, once the messages are settled or moved to the next session. */
export function createResumableSession(host: Pick<WireHost, 'lost'>, onEnd: () => void): ResumableSession {
  let session: Session<Body> | undefined
  /** The last `ok` of the session. */
  let given: Ok | undefined
  /** Written and certainly undelivered messages: the first ones of the next session. */
  const carried: Outgoing<Body>[] = []
  let isDisposed = false
  /** The last connection ended as if one of our messages had been at fault. */
  let isSuspect = false
  /** How many connections in a row fell silent before the server proved to be there. */
  let silences = 0

  const isSameUser = (ok: Ok): boolean => !given || given.identity === ok.identity

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
    // A cursor above the written messages is invalid, and ignored.
    const isKnown = finalCursor !== undefined && finalCursor <= ended.tx
    const rest = ended.end(isKnown ? finalCursor : undefined, unknown)
    // An answer is useless in another session.
    const undelivered = rest.filter((message) => !message.sessionBound)
    carried.push(...undelivered)
    if (isDisposed) discard('disposed')
    onEnd()
    return { undelivered: undelivered.length, unknown: isKnown ? 0 : written }
  }

  const report = (loss: Counts | undefined, why: Loss['why'], missed?: number): void => {
    if (loss) host.lost({ why, missed, ...loss })
  }

  const held: ResumableSession = {
    get session() {
      return session
    },
    get unacknowledged() {
      return session?.unacknowledged ?? carried.length
    },
    written: () => (session ? Array.from(session.replay(), ([, message]) => message) : carried),
    get maxSendBytes() {
      return given ? given.maxPayload - 64 : defaultMaxPayloadBytes
    },
    get patience() {
      return 2 ** Math.min(silences, 4)
    },
    quarantineOldest() {
      const wasSuspect = isSuspect
      isSuspect = false
      return wasSuspect && session!.quarantineOldest()
    },
    proved() {
      silences = 0
    },
    disconnected({ reason, code = 0 }) {
      if (reason === 'silent') silences++
      isSuspect = reason === 'send-failed' || (reason !== 'protocol' && isPoison(code))
    },
    claim: () => session && { session: given!.session, key: given!.key, rx: session.rx },
    resume(ok) {
      if (!session || given!.session !== ok.session) return false
      if (ok.rx < session.acknowledged) {
        held.lose('unknown')
        return 'forgotten'
      }
      if (!isSameUser(ok) || !session.acknowledge(ok.rx)) return undefined
      given = ok
      return true
    },
    begin(ok, queue) {
      const loss = endSession(ok.lost?.rx ?? undefined, 'session-lost')
      if (!isSameUser(ok)) {
        discard('session-lost')
        queue.discard('session-lost')
      }
      isSuspect = false
      const current = createSession<Body>()
      given = ok
      session = current
      for (const message of carried.splice(0))
        if (message.bytes > held.maxSendBytes) message.settle({ status: 'undelivered', reason: 'too-large' })
        else current.number(message)
      const { why = 'unknown', missed } = ok.lost ?? {}
      report(loss, printable(why), missed ?? undefined)
    },
    lose: (why) => report(endSession(undefined, 'session-lost'), why),
    end: endSession,
    discard,
  }
  return held
}
