import type { Cause } from '../connection/cause.ts'

/** What is known of the end of a connection. */
export interface End {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
}

/** What is known of a failure, for the `error` event. */
export interface Fault {
  readonly error?: unknown
  readonly message?: string
}

/** The end of a connection of which nothing is known. */
export const lostEnd: End = { code: 1006, reason: '', wasClean: false }

const quiet: readonly string[] = ['left', 'change', 'reconnect', 'disconnect']

/** Whether an end is not a failure. */
export function isQuiet({ reason }: Cause): boolean {
  return quiet.includes(reason)
}

export function failureOf({ reason, error }: Cause): Fault {
  const { message = reason } = Object(error) as { message?: string }
  return { error, message: reason === 'timeout' ? 'TIMEOUT' : message }
}
