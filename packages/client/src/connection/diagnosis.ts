import { misuse } from '@holdfast/protocol'
import type { Diagnose } from './diagnose.ts'
import { discoveryOf } from './finding.ts'
import { pagePolicy } from './page-policy.ts'
import type { Diagnosis, Discovery, Finding, RunnableDiagnosis } from './states.ts'
import { diagnoseEvery } from './times.ts'
import { newAbort } from '../platform/ports.ts'

/**
 * A function of your own that determines why no socket opens.
 *
 * The client calls it after the third failure in a row, and after each further three.
 *
 * @throws {HoldfastError} `misuse`
 * @example
 * import { createClient, diagnosis } from 'holdfast'
 *
 * createClient({
 *   url: '/ws',
 *   diagnose: diagnosis(async (url, { signal }) => {
 *     const { status } = await fetch('/status', { signal })
 *     return status === 503 ? { cause: { reason: 'maintenance', status }, delay: [60_000, 90_000] } : undefined
 *   }),
 * })
 */
/* @__NO_SIDE_EFFECTS__ */
export function diagnosis(diagnose: Diagnose): Diagnosis {
  if (typeof diagnose !== 'function') throw misuse('write diagnosis(async (url) => …)')
  const runnable: RunnableDiagnosis = {
    begin({ clock, report }, found) {
      /** Where the last attempt dialed. */
      let target: string | undefined
      let question: ReturnType<typeof newAbort> | undefined
      let known: Discovery | undefined
      /** How many attempts in a row opened no socket. */
      let unopened = 0

      const observePolicy = pagePolicy.begin({ clock, report }, (discovery) => {
        // The client dials another server.
        if (!discovery) forget()
        found((known = discovery))
      })

      const forget = (): void => {
        question?.abort()
        question = known = undefined
        unopened = 0
      }

      const ask = async (): Promise<void> => {
        const { signal } = (question = newAbort())
        let next: Finding | undefined
        try {
          next = await diagnose(target!, { signal, clock })
        } catch (error) {
          // An aborted request rejects, too.
          if (!signal.aborted) report(error)
        }
        if (signal.aborted) return
        question = known = undefined
        found(next && discoveryOf(next))
      }

      return (event, url) => {
        observePolicy(event, url)
        if (event === 'dial') target = url
        else if (event === 'greet' || event === 'stop') forget()
        else if (event === 'leave') question?.abort()
        // A client that dials fast fails again before the answer arrives. A finding of the page (`csp`) stands: the server may
        // well answer over HTTP.
        else if (event === 'diagnose' && ++unopened % diagnoseEvery === 0)
          if (question?.signal.aborted !== false && !known) void ask()
      }
    },
  }
  return runnable
}
