import { createSession } from '@holdfast/protocol'
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
import type { WireHost } from '../wire.ts'
import type { Loss } from '../lifecycle.ts'

/** The session that client and server hold across connections; settles its messages when it ends. */
export interface HeldSession {
  /** Undefined before the first session, and after an end until the server creates a new one. */
  readonly session: Session<Body> | undefined
  /** The number of written messages without an outcome. */
  readonly unacknowledged: number
  /** The members of a `hi` that resume the session. */
  claim(): Pick<Hi, 'session' | 'key' | 'rx'> | undefined
  /**
   * Returns whether the server resumes the session, and if so, processes its ack. Undefined for an impossible `ok`.
   */
  resume(ok: Ok): boolean | undefined
  /**
   * The oldest message may have ended the last connection. If it is refused twice in a row, it is at fault: a void
   * frame replaces it.
   */
  accuse(): void
  /** Replaces the session, if any, with a new one of the server. */
  begin(ok: Ok, maxSendBytes: number): void
  /**
   * Settles the written messages: by the final cursor of the server if it is known, else as unknown. Returns how many
   * were undelivered or unknown, if there was a session.
   */
  end(
    finalCursor: number | undefined,
    reason: UnknownReason,
  ): Pick<Loss, 'undelivered' | 'unknown'> | undefined
  /** Settles the messages that wait for the next session. */
  discard(reason: UndeliveredReason): void
}

/** `onEnd` is called at each end, once the messages are settled or moved to the next session. */
export function createHeldSession(host: Pick<WireHost, 'discard' | 'lost'>, onEnd: () => void): HeldSession {
  let session: Session<Body> | undefined
  /** The `ok` that began the session. */
  let given: Ok | undefined
  let identity: string | null | undefined
  /** Written and certainly undelivered messages: the first ones of the next session. */
  const carried: Outgoing<Body>[] = []
  let isDisposed = false
  /** The number of the message that was accused last. */
  let suspect = 0

  const isSameUser = (ok: Ok): boolean => identity === undefined || identity === ok.identity

  const discard = (reason: UndeliveredReason): void => {
    for (const message of carried.splice(0)) message.settle({ status: 'undelivered', reason })
  }

  const endSession: HeldSession['end'] = (finalCursor, reason) => {
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
    const undelivered = rest.filter((message) => !message.own)
    carried.push(...undelivered)
    if (isDisposed) discard('disposed')
    onEnd()
    return { undelivered: undelivered.length, unknown: isKnown ? 0 : written }
  }

  const accuse = (): void => {
    if (!session?.unacknowledged) return
    const oldest = session.acknowledged + 1
    if (suspect === oldest) session.withdraw({ status: 'undelivered', reason: 'rejected' })
    suspect = oldest
  }

  return {
    get session() {
      return session
    },
    get unacknowledged() {
      return session?.unacknowledged ?? carried.length
    },
    accuse,
    claim: () => session && { session: given!.session, key: given!.key, rx: session.rx },
    resume(ok) {
      const isResumed = session !== undefined && given!.session === ok.session
      if (isResumed && (!isSameUser(ok) || !session!.acknowledge(ok.rx))) return undefined
      return isResumed
    },
    begin(ok, maxSendBytes) {
      const loss = endSession(ok.lost?.rx ?? undefined, 'session-lost')
      if (!isSameUser(ok)) {
        discard('session-lost')
        host.discard('session-lost')
      }
      identity = ok.identity
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
