import type { AbortSignalLike } from './ports.ts'
import type { Outcome } from './outcome.ts'

/**
 * What went wrong, for code to decide on.
 *
 * - `misuse`: the call or an option is wrong. The only code, with `no-websocket`, that is thrown synchronously.
 * - `no-websocket`: this runtime has no `WebSocket`; pass one in the options.
 * - `connect-failed`: no connection, and no further attempt; `cause` tells why, as data.
 * - `wire-mismatch`: the server talks in another way than the client's `wire`; the message says what to do.
 * - `disconnected`, `disposed`: `disconnect()` or `dispose()` was called while somebody waited.
 * - `timeout`: the answer to a request did not come in time.
 * - `aborted`: the caller's signal was aborted; `cause` is its reason.
 * - `remote`: the peer answered a request with an error; `reason` and `data` are what it said.
 * - `invalid`: the answer to a request does not fit its schema; `data` lists the issues.
 * - `undelivered`: the message was certainly not handed on; `outcome` has the reason.
 * - `unknown`: the message was written, and what became of it, or of the answer to a request, nobody can tell.
 * - `overflow`: more arrived than a bounded buffer holds.
 * - `not-stored`: what was to be kept on disk is only in memory; `cause` tells why.
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

/** What an error carries beside its code and message. */
export interface HoldfastErrorDetails {
  readonly cause?: unknown
  /**
   * With `remote`: what went wrong, in a word for programs, as the handler of the request named it. A handler that
   * throws a `remote` error sends its reason, message and data to the peer; of any other error the peer hears
   * `internal` only.
   */
  readonly reason?: string
  /** What the peer sent with a `remote` error, or the issues of an `invalid` one. */
  readonly data?: unknown
  /** What became of the message in question, as far as it is known. */
  readonly outcome?: Outcome
}

const brand: unique symbol = /* @__PURE__ */ Symbol.for('holdfast.error')

/** The one error class of Holdfast. Tell the cases apart by `code`, and errors from others by {@link isHoldfastError}. */
export class HoldfastError extends Error implements HoldfastErrorDetails {
  readonly code: HoldfastErrorCode
  declare readonly reason?: string
  declare readonly data?: unknown
  declare readonly outcome?: Outcome

  constructor(code: HoldfastErrorCode, message: string, details: HoldfastErrorDetails = {}) {
    super(message, details)
    this.name = 'HoldfastError'
    this.code = code
    Object.assign(this, details, { [brand]: true })
  }
}

/**
 * Whether a value is a {@link HoldfastError}.
 *
 * Goes by a brand, so it also knows errors from another copy of the package or from another realm.
 */
export function isHoldfastError(value: unknown): value is HoldfastError {
  return typeof value === 'object' && value !== null && brand in value
}

/** Where the documentation is that comes with the package. */
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
