import { createFirstOfKind } from './first-of-kind.ts'
import type { HubPorts } from './ports.ts'

/** The hint in the reason of a close with 1013 after a failure of the server. */
export const troubleHint = '{"after":[1000,10000]}'

/**
 * Reports that a function of the application threw, or returned an invalid result: the first of each kind in a
 * minute, for any number of clients.
 */
export type ReportTrouble = (hook: string, error: unknown) => void

/** Logs a warning for the operator: the first of each kind in a minute. */
export type Warn = (kind: string, message: string) => void

export function createTroubleReport({ clock, report }: HubPorts): ReportTrouble {
  const isFirst = createFirstOfKind(clock)
  return (hook, error) => {
    if (isFirst(`${hook} ${kindOf(error)}`)) report(error)
  }
}

export function createWarn({ clock, warn, report }: HubPorts): Warn {
  const isFirst = createFirstOfKind(clock)
  return (kind, message) => {
    if (!isFirst(kind)) return
    try {
      warn(`holdfast: ${message}`)
    } catch (error) {
      report(error)
    }
  }
}

/** A result that should be synchronous may be a promise that rejects. */
export function ignoreRejection(answer: unknown): void {
  new Promise((resolve) => resolve(answer)).catch(() => {})
}

/** Does not use the message, which may contain the token or the name of a user. */
function kindOf(error: unknown): string {
  try {
    const { name, code } = error as { readonly name?: unknown; readonly code?: unknown }
    return `${String(name)} ${String(code)}`
  } catch {
    // Null and undefined have no name, and any value may be thrown.
    return typeof error
  }
}
