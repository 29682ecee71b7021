import type { DelayRange } from '@holdfast/protocol'

/** The length of the range in which clients dial again: per client and its limits, in milliseconds. */
const redialShare = 10
const shortestRedial = 1_000
const longestRedial = 30_000

/** The stage of a hub: open, draining or closed. */
export class HubStage {
  #current: 'open' | 'draining' | 'closed' = 'open'
  #after: DelayRange = [0, shortestRedial]
  #isParking = false
  #isDeciding = false

  /** `draining` while clients finish, `closed` once their connections are closed. */
  get current(): 'open' | 'draining' | 'closed' {
    return this.#current
  }

  /** The range in which clients dial again. */
  get after(): DelayRange {
    return this.#after
  }

  /** The same for the reason of a close. */
  get hint(): string {
    return JSON.stringify({ after: this.#after })
  }

  /** Whether other hubs go on with the sessions of this one. */
  get isParking(): boolean {
    return this.#isParking
  }

  /** Whether it is not known yet if sessions end with this hub: nothing changes for them until then. */
  get isDeciding(): boolean {
    return this.#isDeciding
  }

  /** Whether the application may send. */
  get isSending(): boolean {
    return this.#current === 'open' || this.#isDeciding
  }

  /** Decides whether other hubs go on with the sessions. */
  async decide(canPark: Promise<boolean>): Promise<void> {
    this.#isDeciding = true
    this.#isParking = await canPark
    this.#isDeciding = false
  }

  /** With more sessions, the range in which their clients dial again is longer. */
  drain(sessions: number): void {
    this.#current = 'draining'
    this.#after = [0, Math.min(longestRedial, Math.max(shortestRedial, redialShare * sessions))]
  }

  close(): void {
    this.#current = 'closed'
  }
}
