import type { Body, Clock, Session } from '@holdfast/protocol'
import type { OpenSocket } from '../../connection/attempt.ts'
import { answerTimeout } from '../../connection/heartbeat.ts'
import { lost } from '../../connection/retry.ts'
import type { ResumableSession } from './resumable-session.ts'
import { maxUnanswered, shortestAnswer, slowestPath } from './times.ts'

/** Detects a dead path of one connection while messages wait for their acks, and measures the round trip. */
export interface AckWatch {
  /** A message was written: an ack is due, unless one is already. */
  start(): void
  /** The server acknowledged something new. */
  progressed(): void
  /** A message or a ping arrived. */
  heard(): void
  /** The server answered a ping: the last one, or one before it. */
  answered(isLast: boolean): void
  /** The connection has ended. */
  stop(): void
}

/** `written` is the session while it is on this connection. */
export function createAckWatch(
  clock: Clock,
  socket: OpenSocket,
  session: ResumableSession,
  written: Session<Body>,
): AckWatch {
  /** When the oldest unacknowledged message was written, or the last ack arrived. */
  let progressAt = 0
  let timer: unknown
  /** The number of unanswered pings for an overdue ack. */
  let unanswered = 0
  /** The first message after quiet is acknowledged at once, so it measures the round trip. */
  let isSampling = false

  /** The limit for an answer of the server, in milliseconds. */
  const answerLimit = (): number => answerTimeout(socket.path.rtt)

  const restart = (isFirst: boolean): void => {
    progressAt = clock.now()
    isSampling = isFirst
    unanswered = 0
  }

  const check = (): void => {
    timer = undefined
    if (!written.unacknowledged) return
    const [[, oldest] = []] = written.replay()
    // A dead path should be detected soon, a slow one needs time.
    const ackLimit = answerLimit() * session.patience + (oldest?.bytes ?? 0) / slowestPath
    // An ack can only shorten the limit.
    let delay = unanswered > 0 ? 0 : Math.min(Math.ceil(progressAt + ackLimit - clock.now()), shortestAnswer)
    if (delay <= 0) {
      // Other inbound messages do not prove that the server receives ours.
      if (unanswered++ === maxUnanswered) return socket.fail({ cause: { reason: 'silent' }, rule: lost })
      socket.probe()
      delay = answerLimit()
    }
    timer = clock.setTimer(check, delay)
  }

  // Where messages wait for their acks, only an ack proves that the server receives them.
  const heard = (): void => {
    if (!written.unacknowledged) session.proved()
  }

  return {
    heard,
    // An unacknowledged message is its own probe.
    start() {
      if (timer !== undefined || !written.unacknowledged) return
      restart(true)
      check()
    },
    progressed() {
      if (isSampling) socket.path.measured(clock.now() - progressAt)
      restart(false)
      session.proved()
    },
    answered(isLast) {
      restart(false)
      heard()
      if (isLast) socket.answered()
    },
    stop() {
      clock.clearTimer(timer)
      timer = undefined
    },
  }
}
