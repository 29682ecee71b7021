import type { DelayRange } from '@holdfast/protocol'

/** How long the window is in which clients dial again, per session and at the limits, in milliseconds. */
const redialShare = 10
const shortestRedial = 1_000
const longestRedial = 30_000

/** How far a hub is on its way to its end. */
export class HubStage {
  #current: 'open' | 'draining' | 'closed' = 'open'
  #after: DelayRange = [0, shortestRedial]

  /** `draining` while clients finish, `closed` once they are told to go. */
  get current(): 'open' | 'draining' | 'closed' {
    return this.#current
  }

  /** When clients are to dial again. */
  get after(): DelayRange {
    return this.#after
  }

  /** The same for the reason of a close. */
  get hint(): string {
    return JSON.stringify({ after: this.#after })
  }

  /** The more sessions there are, the longer is the window in which their clients dial again. */
  drain(sessions: number): void {
    this.#current = 'draining'
    this.#after = [0, Math.min(longestRedial, Math.max(shortestRedial, redialShare * sessions))]
  }

  close(): void {
    this.#current = 'closed'
  }
}
