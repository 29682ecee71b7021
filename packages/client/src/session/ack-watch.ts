import type { Body, Clock, Session } from '@holdfast/protocol'
import type { Connection } from '../connection/connection.ts'
import { lost } from '../connection/machine.ts'

/** Notices a dead path while messages wait for their acks, and measures the round trip. */
export interface AckWatch {
  /** A message was written: an ack is due, unless one is already. */
  start(): void
  /** The server acknowledged something new. */
  progressed(): void
  /** The server answered a ping: the last one, or one before it. */
  answered(isLast: boolean): void
  /** The connection ended because nothing was heard. */
  silent(): void
  /** The connection has ended. */
  stop(): void
}

/** How many pings may go unanswered while a message waits for its ack. */
const maxUnanswered = 2
/** How long an answer may take at least, in milliseconds. */
const shortestAnswer = 2_000
/** How fast a path is at least that is not taken for dead, in bytes a millisecond. */
const slowestPath = 32

/** `live` gives the session while it is on a connection. */
export function createAckWatch(
  clock: Clock,
  connection: Connection,
  live: () => Session<Body> | undefined,
): AckWatch {
  /** When the oldest message went out that is not acknowledged, or the last ack came in. */
  let progressAt = 0
  let timer: unknown
  /** How many pings have gone out for an ack that is late, and not been answered. */
  let unanswered = 0
  /** How many connections in a row were given up before they brought an ack. */
  let silences = 0
  /** The first message after quiet is acknowledged at once, so it measures the round trip. */
  let isSampling = false

  /** How long the server may take to answer, in milliseconds, by the round trips before. */
  const answerLimit = (): number =>
    Math.min(Math.max(3 * (connection.rtt ?? Infinity), shortestAnswer), 8_000)

  /** How long the oldest message may go without an ack. A dead path is to be noticed soon, a slow one takes its time. */
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
    // An ack can only make it shorter.
    let delay =
      unanswered > 0 ? 0 : Math.min(Math.ceil(progressAt + ackLimit(session) - clock.now()), shortestAnswer)
    if (delay <= 0) {
      // What else comes in does not prove that the server hears of anything.
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
