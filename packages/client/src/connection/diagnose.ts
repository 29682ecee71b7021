import type { AbortSignalLike, Clock } from '@holdfast/protocol'
import type { Finding } from './states.ts'

/**
 * Determines why no socket opens to `url`, the URL of the socket, because sockets do not report it. Undefined means
 * that the reason stays unknown.
 *
 * Called after the third failure in a row and after each further three, and not while a call is pending. If it throws
 * or rejects, the error goes to `ports.report`.
 *
 * @see {@link diagnosis}
 */
export type Diagnose = (url: string, context: DiagnoseContext) => Promise<Finding | undefined>

/** The second argument of a {@link Diagnose} function. */
export interface DiagnoseContext {
  /**
   * Aborted when the result no longer matters: a socket opened, the page was left, or the client was disconnected.
   */
  readonly signal: AbortSignalLike
  /** The clock of the client, so that timeouts follow a virtual clock in tests. */
  readonly clock: Clock
}
