import type { Cause } from './cause.ts'
import type { Diagnose } from './diagnose.ts'
import { discoveryOf } from './finding.ts'
import type { Discovery, Finding } from './states.ts'
import { diagnoseEvery } from './times.ts'
import { newAbort } from '../platform/ports.ts'
import type { Ports } from '../platform/ports.ts'
import { isSameOrigin } from '../platform/url.ts'

/** Why no sockets of a client open, as far as it is found out. */
export interface Diagnosis {
  /** Undefined while it is not known. */
  readonly cause: Cause | undefined
  /** The client dials. What was found at another server does not count for this one. */
  dialed(url: string): void
  /** A socket did not open. */
  failed(): void
  /** The policy of the page forbids a request to that URL. */
  blocked(url: string | undefined): void
  /** The page is left: a pending request is aborted. */
  abort(): void
  /** A socket opened, or the client does not dial any more: what was found does not count any more. */
  forget(): void
}

/** Begins the diagnosis of a client; `found` receives what is found out. */
export type CreateDiagnosis = (
  ports: Pick<Ports, 'clock' | 'report'>,
  found: (discovery: Discovery) => void,
) => Diagnosis

/** The policy of the page forbids the dial. */
const csp: Cause = { reason: 'csp' }

/** The diagnosis by the policy of the page, and by a function if one is given. */
export function createDiagnosis(diagnose: Diagnose | undefined): CreateDiagnosis {
  return ({ clock, report }, found) => {
    /** Where the last attempt dialed. */
    let url: string | undefined
    let question: ReturnType<typeof newAbort> | undefined
    /** How many attempts in a row opened no socket. */
    let unopened = 0

    const find = (next: Finding | undefined): void => {
      diagnosis.cause = next?.cause
      if (next) found(discoveryOf(next))
    }

    const ask = async (): Promise<void> => {
      const { signal } = (question = newAbort())
      let next: Finding | undefined
      try {
        next = await diagnose!(url!, { signal, clock })
      } catch (error) {
        // An aborted request rejects, too.
        if (!signal.aborted) report(error)
      }
      if (signal.aborted) return
      question = undefined
      find(next)
    }

    const diagnosis: { -readonly [Key in keyof Diagnosis]: Diagnosis[Key] } = {
      cause: undefined,
      dialed(next) {
        if (url && !isSameOrigin(url, next)) diagnosis.forget()
        url = next
      },
      failed() {
        // A client that dials fast has failed again before there is an answer. What the page forbids to sockets, the
        // server may well answer over HTTP.
        const isDue = ++unopened % diagnoseEvery === 0
        if (isDue && diagnose && question?.signal.aborted !== false && diagnosis.cause !== csp) void ask()
      },
      blocked(target) {
        // Other forbidden requests to this host, over HTTP for example, are not a reason.
        if (url && isSameOrigin(url, target)) find({ cause: csp })
      },
      abort: () => question?.abort(),
      forget() {
        question?.abort()
        question = diagnosis.cause = undefined
        unopened = 0
      },
    }
    return diagnosis
  }
}
