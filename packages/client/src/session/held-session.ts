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

/** The session that client and server hold from connection to connection, and what becomes of its messages at its end. */
export interface HeldSession {
  /** Undefined before the first one, and after an end until the server gives a new one. */
  readonly session: Session<Body> | undefined
  /** How many messages were written and have no outcome yet. */
  readonly unacknowledged: number
  /** What a server has to hear to resume the session. */
  claim(): Pick<Hi, 'session' | 'key' | 'rx'> | undefined
  /** Whether the server goes on with the session, and if so, takes its acks. Undefined when what it says cannot be. */
  resume(ok: Ok): boolean | undefined
  /**
   * The oldest message may have ended the last connection. One that is refused twice in a row is at fault: a void frame
   * takes its number.
   */
  accuse(): void
  /** Takes the session that the server gives in place of the one that may be held. */
  begin(ok: Ok, maxSendBytes: number): void
  /**
   * Settles what was written: by the final cursor of the server if it is known, else as unknown. Tells how many messages
   * were undelivered or unknown, if there was a session.
   */
  end(
    finalCursor: number | undefined,
    reason: UnknownReason,
  ): Pick<Loss, 'undelivered' | 'unknown'> | undefined
  /** Settles what waits for the next session. */
  discard(reason: UndeliveredReason): void
}

/** `onEnd` is called at each end, once the messages are settled or put aside for the next session. */
export function createHeldSession(host: Pick<WireHost, 'discard' | 'lost'>, onEnd: () => void): HeldSession {
  let session: Session<Body> | undefined
  /** The `ok` that it came with. */
  let given: Ok | undefined
  let identity: string | null | undefined
  /** Messages that were written, and certainly not handed on: the first ones of the next session. */
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
