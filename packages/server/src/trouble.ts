import { createFirstOfKind } from './first-of-kind.ts'
import type { HubPorts } from './ports.ts'

/** When to dial again after trouble of the server, for the reason of a close with 1013. */
export const troubleHint = '{"after":[1000,10000]}'

/**
 * Reports what a function of the application threw, or that its answer made no sense: the first of each kind in a minute,
 * however many clients are concerned.
 */
export type ReportTrouble = (hook: string, error: unknown) => void

/** Says something to whoever looks after the server: the first of each kind in a minute. */
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

/** An answer that should have come at once may be a promise that rejects. */
export function ignoreRejection(answer: unknown): void {
  new Promise((resolve) => resolve(answer)).catch(() => {})
}

/** Not by its message, in which there may be the token, or the name of a user. */
function kindOf(error: unknown): string {
  try {
    const { name, code } = error as { readonly name?: unknown; readonly code?: unknown }
    return `${String(name)} ${String(code)}`
  } catch {
    // Neither null nor undefined has a name, and anything may be thrown.
    return typeof error
  }
}
