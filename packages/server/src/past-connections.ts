import type { Body, Clock, Session } from '@holdfast/protocol'
import { TokenBucket } from './token-bucket.ts'

/** After one of these closes, a message that was sent may be at fault. */
const poisonCodes = [1003, 1007, 1009, 4413, 4422]

/**
 * What the resumes of a session may cost: in a second in the long run, and at once. Each message that is replayed costs 1,
 * and so does each KiB of them; the resume itself costs as much as a hundred.
 *
 * A client with a window of 1,024 messages and 1 MiB can resume every second, however little it receives in between.
 */
const replayRate = 4_096
const replayBurst = 65_536
const resumeCost = 100

/** What a session learns from the connections that it has had. */
export class PastConnections {
  /** How many in a row fell silent before they brought a message, a ping or a pong. */
  silences = 0
  readonly #replays: TokenBucket
  /** The client closed the last connection as if a message of ours had been at fault. */
  #isSuspect = false
  /** The number of the message that was the oldest one when that last happened. */
  #suspect = 0

  constructor(clock: Clock) {
    this.#replays = new TokenBucket(clock, replayRate, replayBurst)
  }

  /** A connection has ended by itself. */
  ended(code: number): void {
    this.#isSuspect = poisonCodes.includes(code)
  }

  /**
   * A message that the client refuses twice in a row as the oldest one is at fault: a void frame takes its number. True
   * while one is suspected, so that each is to be sent for itself.
   */
  quarantineOldest(session: Session<Body>): boolean {
    const isSuspect = this.#isSuspect
    this.#isSuspect = false
    if (!isSuspect || session.unacknowledged === 0) return false
    const oldest = session.acknowledged + 1
    if (this.#suspect === oldest) session.withdraw({ status: 'undelivered', reason: 'rejected' })
    this.#suspect = oldest
    return true
  }

  /** How long the client has to wait until it may resume, in milliseconds. */
  get wait(): number {
    return this.#replays.wait(1)
  }

  /** Takes what a resume costs, also if there is less: the next one has to wait then. */
  chargeReplay(session: Session<Body>): void {
    let bytes = 0
    for (const [, message] of session.replay()) bytes += message?.bytes ?? 0
    this.#replays.spend(resumeCost + session.unacknowledged + bytes / 1_024)
  }
}
