import type { Diagnose } from './diagnose.ts'
import { newAbort } from '../platform/ports.ts'
import type { Ports } from '../platform/ports.ts'
import type { Finding } from './states.ts'

/** Why no socket opens to one URL, as far as it was found out. Dropped once a socket has opened. */
export interface Diagnosis {
  readonly finding: Finding | undefined
  /** Asks the application, unless an answer is under way, or none is needed. */
  start(url: string): Promise<void>
  /** The policy of the page allows no dial. */
  forbid(): void
  /** What is still asked is of no interest. */
  abort(): void
}

/** The server may well answer over HTTP what the policy of the page forbids to sockets. */
const csp: Finding = { cause: { reason: 'csp' } }

/** `diagnosed` hears of each finding. */
export function createDiagnosis(
  diagnose: Diagnose | undefined,
  { clock, report }: Ports,
  diagnosed: (finding: Finding) => void,
): Diagnosis {
  let finding: Finding | undefined
  let running: ReturnType<typeof newAbort> | undefined

  const found = (next: Finding | undefined): void => {
    finding = next
    if (next) diagnosed(next)
  }

  return {
    get finding() {
      return finding
    },
    async start(url) {
      if (!diagnose || running?.signal.aborted === false || finding === csp) return
      const { signal } = (running = newAbort())
      let next: Finding | undefined
      try {
        next = await diagnose(url, { signal, clock })
      } catch (error) {
        // A request that was aborted rejects, too.
        if (!signal.aborted) report(error)
      }
      if (signal.aborted) return
      running = undefined
      found(next)
    },
    forbid: () => found(csp),
    abort: () => running?.abort(),
  }
}
