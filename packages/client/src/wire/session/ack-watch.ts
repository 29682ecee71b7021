import type { Body, Clock, Session } from '@holdfast/protocol'
import type { OpenSocket } from '../../connection/attempt.ts'
import { lost } from '../../connection/machine.ts'
import type { ResumableSession } from './resumable-session.ts'

/** Notices a dead path of one connection while messages wait for their acks, and measures the round trip. */
export interface AckWatch {
  /** A message was written: an ack is due, unless one is already. */
  start(): void
  /** The server acknowledged something new. */
  progressed(): void
  /** A message or a ping came in. */
  heard(): void
  /** The server answered a ping. */
  answered(): void
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
  socket: OpenSocket,
  session: ResumableSession,
  live: () => Session<Body> | undefined,
): AckWatch {
  /** When the oldest message went out that is not acknowledged, or the last ack came in. */
  let progressAt = 0
  let timer: unknown
  /** How many pings have gone out for an ack that is late, and not been answered. */
  let unanswered = 0
  /** The first message after quiet is acknowledged at once, so it measures the round trip. */
  let isSampling = false

  /** How long the server may take to answer, in milliseconds, by the round trips before. */
  const answerLimit = (): number =>
    Math.min(Math.max(3 * (socket.path.rtt ?? Infinity), shortestAnswer), 8_000)

  /** How long the oldest message may go without an ack. A dead path is to be noticed soon, a slow one takes its time. */
  const ackLimit = (written: Session<Body>): number => {
    const [[, oldest] = []] = written.replay()
    return answerLimit() * session.patience + (oldest?.bytes ?? 0) / slowestPath
  }

  const restart = (isFirst: boolean): void => {
    progressAt = clock.now()
    isSampling = isFirst
    unanswered = 0
  }

  const check = (): void => {
    timer = undefined
    const written = live()
    if (!written?.unacknowledged) return
    // An ack can only make it shorter.
    let delay =
      unanswered > 0 ? 0 : Math.min(Math.ceil(progressAt + ackLimit(written) - clock.now()), shortestAnswer)
    if (delay <= 0) {
      // What else comes in does not prove that the server hears of anything.
      if (unanswered++ === maxUnanswered) return socket.fail({ cause: { reason: 'silent' }, rule: lost })
      socket.probe()
      delay = answerLimit()
    }
    timer = clock.setTimer(check, delay)
  }

  // Where messages wait for their acks, only an ack proves that the server hears of them.
  const heard = (): void => {
    if (!live()?.unacknowledged) session.proved()
  }

  return {
    heard,
    // An unacknowledged message is its own probe.
    start() {
      if (timer !== undefined || !live()?.unacknowledged) return
      restart(true)
      check()
    },
    progressed() {
      if (isSampling) socket.path.measured(clock.now() - progressAt)
      restart(false)
      session.proved()
    },
    answered() {
      restart(false)
      heard()
      socket.answered()
    },
    stop() {
      clock.clearTimer(timer)
      timer = undefined
    },
  }
}
