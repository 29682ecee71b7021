import type { Body, Clock, Session } from '@holdfast/protocol'
import type { Connection } from '../connection/connection.ts'
import { lost } from '../connection/machine.ts'

/** Detects a dead path while messages wait for their acks, and measures the round trip. */
export interface AckWatch {
  /** A message was written: an ack is due, unless one is already. */
  start(): void
  /** The server acknowledged something new. */
  progressed(): void
  /** The server answered a ping: the last one, or one before it. */
  answered(isLast: boolean): void
  /** The connection ended because of silence. */
  silent(): void
  /** The connection has ended. */
  stop(): void
}

/** The maximum of unanswered pings while a message waits for its ack. */
const maxUnanswered = 2
/** The shortest limit for an answer, in milliseconds. */
const shortestAnswer = 2_000
/** The speed below which a path counts as dead, in bytes a millisecond. */
const slowestPath = 32

/** `live` returns the session while it is on a connection. */
export function createAckWatch(
  clock: Clock,
  connection: Connection,
  live: () => Session<Body> | undefined,
): AckWatch {
  /** When the oldest unacknowledged message was written, or the last ack arrived. */
  let progressAt = 0
  let timer: unknown
  /** The number of unanswered pings for an overdue ack. */
  let unanswered = 0
  /** The number of connections in a row that were dropped before they received an ack. */
  let silences = 0
  /** The first message after quiet is acknowledged at once, so it measures the round trip. */
  let isSampling = false

  /** The limit for an answer of the server, in milliseconds, by earlier round trips. */
  const answerLimit = (): number =>
    Math.min(Math.max(3 * (connection.rtt ?? Infinity), shortestAnswer), 8_000)

  /**
   * How long the oldest message may be unacknowledged. A dead path should be detected soon, a slow one needs time.
   */
  const ackLimit = (session: Session<Body>): number => {
    const [[, oldest] = []] = session.replay()
    return answerLimit() * 2 ** Math.min(silences, 4) + (oldest?.bytes ?? 0) / slowestPath
  }

  const restart = (isFirst: boolean): void => {
    progressAt = clock.now()
    isSampling = isFirst
    unanswered = 0
  }

  const check = (): void => {
    timer = undefined
    const session = live()
    if (!session?.unacknowledged) return
    // An ack can only shorten the limit.
    let delay =
      unanswered > 0 ? 0 : Math.min(Math.ceil(progressAt + ackLimit(session) - clock.now()), shortestAnswer)
    if (delay <= 0) {
      // Other inbound messages do not prove that the server receives ours.
      if (unanswered++ === maxUnanswered) return connection.fail({ cause: { reason: 'silent' }, rule: lost })
      connection.doubt()
      delay = answerLimit()
    }
    timer = clock.setTimer(check, delay)
  }

  return {
    // An unacknowledged message is its own probe.
    start() {
      if (timer !== undefined || !live()?.unacknowledged) return
      restart(true)
      check()
    },
    progressed() {
      if (isSampling) connection.measured(clock.now() - progressAt)
      restart(false)
      silences = 0
    },
    answered(isLast) {
      restart(false)
      if (isLast) connection.answered()
    },
    silent() {
      silences++
    },
    stop() {
      clock.clearTimer(timer)
      timer = undefined
    },
  }
}
