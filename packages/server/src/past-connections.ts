import { isPoison } from '@holdfast/protocol'
import type { Body, Clock, Session } from '@holdfast/protocol'
import { TokenBucket } from './token-bucket.ts'

/**
 * The budget for the resumes of a session: per second on average, and at once. Each replayed message costs 1, and so
 * does each KiB of them; the resume itself costs as much as a hundred messages.
 *
 * A client with a window of 1,024 messages and 1 MiB can resume every second, however little it receives in between.
 */
const replayRate = 4_096
const replayBurst = 65_536
const resumeCost = 100

/** What a session knows from its earlier connections. */
export class PastConnections {
  /** The number of connections in a row that fell silent before they received a message, a ping or a pong. */
  silences = 0
  readonly #replays: TokenBucket
  #isSuspect: boolean

  /** `isSuspect` is what another hub knows that had the session. */
  constructor(clock: Clock, isSuspect = false) {
    this.#replays = new TokenBucket(clock, replayRate, replayBurst)
    this.#isSuspect = isSuspect
  }

  /** Whether the client closed the last connection as if one of our messages had been at fault. */
  get isSuspect(): boolean {
    return this.#isSuspect
  }

  /** A connection has ended. */
  ended(code: number): void {
    this.#isSuspect = isPoison(code)
  }

  /**
   * A message that the client refuses twice in a row as the oldest one is at fault: a void frame replaces it. Returns
   * whether a message is suspected, so that each must be sent in a frame of its own.
   */
  quarantineOldest(session: Session<Body>): boolean {
    const isSuspect = this.#isSuspect
    this.#isSuspect = false
    return isSuspect && session.quarantineOldest()
  }

  /** How long the client has to wait until it may resume, in milliseconds. */
  get wait(): number {
    return this.#replays.wait(1)
  }

  /** Charges the cost of a resume, even beyond the budget: the next one has to wait then. */
  chargeReplay(session: Session<Body>): void {
    let bytes = 0
    for (const [, message] of session.replay()) bytes += message?.bytes ?? 0
    this.#replays.spend(resumeCost + session.unacknowledged + bytes / 1_024)
  }
}
