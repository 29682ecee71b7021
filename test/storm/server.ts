import type { Window } from '@holdfast/protocol'
import { createAdmission } from '../../packages/server/src/admission.ts'
import type { Tally } from './tally.ts'

/** The conditions of a storm, the same for every policy. */
export interface Storm {
  readonly clients: number
  readonly seed: number
  /** When the server is back, in milliseconds since it died. */
  readonly returnsAt: number
  /** How many it lets in, a second and at once. */
  readonly rate: number
  readonly burst: number
  /** When to stop waiting for those who are not back. */
  readonly patience: number
}

/** The storm that issue after issue has been about: half a minute of outage, and a narrow door after it. */
export const defaultStorm: Storm = {
  clients: 10_000,
  seed: 1,
  returnsAt: 30_000,
  rate: 500,
  burst: 50,
  patience: 1_800_000,
}

/**
 * What happens to a refused client: `refuse` fails the dial, as a full queue of the listening socket or an answer of 503
 * does; `close` opens the connection and closes it with 1013; `hint` does so and says when to come again.
 */
export type Fate = 'refuse' | 'close' | 'hint'

/** What a dial finds. */
export type Verdict = 'in' | 'refused' | { readonly hint: Window | undefined }

/** The server without its sessions: whether it is there, and whom it lets in. */
export interface Door {
  knock(now: number): Verdict
}

export function createDoor({ returnsAt, rate, burst }: Storm, fate: Fate, tally: Tally): Door {
  const admission = createAdmission(rate, burst)
  return {
    knock(now) {
      tally.attempted(now)
      if (now < returnsAt) return 'refused'
      const hint = admission.ask(now)
      if (hint) return fate === 'refuse' ? 'refused' : { hint: fate === 'hint' ? hint : undefined }
      tally.admitted(now)
      return 'in'
    },
  }
}
