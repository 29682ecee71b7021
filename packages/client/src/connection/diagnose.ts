import type { AbortSignalLike, Clock } from '@holdfast/protocol'
import type { Finding } from './states.ts'

/**
 * Finds out why no socket opens to `url`, the URL of the socket, because the socket does not tell. Undefined when that
 * stays unknown.
 *
 * Called after the third failure in a row and after each further three, and not again while a call is under way. One that
 * throws or rejects finds nothing, and the error goes to `ports.report`.
 *
 * @example
 * createClient({
 *   url: '/ws',
 *   async diagnose(url, { signal }) {
 *     const { status } = await fetch('/status', { signal })
 *     return status === 503 ? { cause: { reason: 'maintenance', status }, delay: [60_000, 90_000] } : undefined
 *   },
 * })
 */
export type Diagnose = (url: string, context: DiagnoseContext) => Promise<Finding | undefined>

/** What a {@link Diagnose} function is told. */
export interface DiagnoseContext {
  /** Aborted when the answer no longer matters: a socket opened, the page was left, or the client was disconnected. */
  readonly signal: AbortSignalLike
  /** The clock of the client, so that timeouts follow a virtual one in tests. */
  readonly clock: Clock
}
