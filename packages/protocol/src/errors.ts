import type { AbortSignalLike } from './ports.ts'
import type { Outcome } from './outcome.ts'

/**
 * What went wrong, for programs.
 *
 * - `misuse`: the call or an option is wrong. With `no-websocket`, the only code that is thrown synchronously.
 * - `no-websocket`: this runtime has no `WebSocket`; pass one in the options.
 * - `connect-failed`: there is no connection, and the client makes no further attempt; `cause` is the reason, as
 *   data.
 * - `wire-mismatch`: the server uses a different wire than the client; the message says what to do.
 * - `disconnected`, `disposed`: `disconnect()` or `dispose()` was called while a caller waited.
 * - `timeout`: the answer to a request did not arrive in time.
 * - `aborted`: the caller's signal was aborted; `cause` is its reason.
 * - `remote`: the peer answered a request with an error; `reason` and `data` come from the peer.
 * - `invalid`: the answer to a request does not fit its schema; `data` lists the issues.
 * - `undelivered`: the message certainly did not reach the peer's handlers; `outcome` has the reason.
 * - `unknown`: the message was written, and its outcome, or the answer to a request, cannot be determined.
 * - `overflow`: more events arrived than a bounded buffer holds.
 * - `not-stored`: messages that should be on disk are only in memory; `cause` is the reason.
 */
export type HoldfastErrorCode =
  | 'misuse'
  | 'no-websocket'
  | 'connect-failed'
  | 'wire-mismatch'
  | 'disconnected'
  | 'disposed'
  | 'timeout'
  | 'aborted'
  | 'remote'
  | 'invalid'
  | 'undelivered'
  | 'unknown'
  | 'overflow'
  | 'not-stored'

/** The properties of an error besides its code and message. */
export interface HoldfastErrorDetails {
  readonly cause?: unknown
  /**
   * With `remote`: what went wrong, in a word for programs, as the handler of the request named it.
   *
   * A handler that throws a `remote` error sends its reason, message and data to the peer; for any other error the
   * peer receives only `internal`.
   */
  readonly reason?: string
  /** The data that the peer sent with a `remote` error, or the issues of an `invalid` error. */
  readonly data?: unknown
  /** The outcome of the affected message, as far as it is known. */
  readonly outcome?: Outcome
}

const brand: unique symbol = /* @__PURE__ */ Symbol.for('holdfast.error')

/** The only error class of Holdfast. Distinguish cases by `code`, and other errors by {@link isHoldfastError}. */
export class HoldfastError extends Error implements HoldfastErrorDetails {
  declare readonly code: HoldfastErrorCode
  declare readonly reason?: string
  declare readonly data?: unknown
  declare readonly outcome?: Outcome

  constructor(code: HoldfastErrorCode, message: string, details: HoldfastErrorDetails = {}) {
    super(message, details)
    Object.assign(this, details, { name: 'HoldfastError', code, [brand]: true })
  }
}

/**
 * Returns whether a value is a {@link HoldfastError}.
 *
 * Checks a brand, so it also recognises errors from another copy of the package or from another realm.
 */
export function isHoldfastError(value: unknown): value is HoldfastError {
  return typeof value === 'object' && value !== null && brand in value
}

/** The address of the documentation that is part of the package. */
const docs = 'https://unpkg.com/holdfast/docs'

export function misuse(message: string, cause?: unknown): HoldfastError {
  return new HoldfastError(
    'misuse',
    `${message}\n${docs}/errors/misuse.md`,
    cause === undefined ? {} : { cause },
  )
}

export function aborted(signal: AbortSignalLike): HoldfastError {
  return new HoldfastError('aborted', 'aborted', { cause: signal.reason })
}
