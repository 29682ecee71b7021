/**
 * Why a connection ended or an attempt failed, in a word.
 *
 * - `unreachable`: the socket closed before it opened. Browsers do not tell why.
 * - `offline`: the same, while the platform believes to be offline.
 * - `csp`: the same, because the content security policy of the page forbids it.
 * - `unauthorized`, `forbidden`, `rate-limited`, `server-error`: the same, and the request of `diagnose: overHttp()` was
 *   answered with 401, 403, 429 or a status of 500 and above; `status` has it.
 * - `upgrade-blocked`: the same, though that request is answered in another way: something on the path lets no WebSocket
 *   through, or there is none at this URL.
 * - `left`: the page was left or frozen, so the socket was closed.
 * - `timeout`: the attempt took longer than `attemptTimeout`.
 * - `lost`, `going-away`, `restart` …: the socket closed; the reason of its close code.
 * - `silent`: the peer gave no proof of life.
 * - `change`: the network changed or the page was restored, so the socket was replaced.
 * - `url`, `token`, `protocols`: the function that was to give one failed.
 * - `refused`: the server refused the greeting.
 * - `blocked`: the constructor of the socket threw.
 * - `send-failed`: the socket threw in `send()`.
 * - `wire-mismatch`: the server talks in another way than the client's `wire`; `error` says what to do.
 * - `protocol`: the server broke the rules of the session wire; `text` says how.
 * - `drained`, `closed`: the server ended the session, as planned or by its application.
 * - `unreadable`: a message came in that this platform cannot read; `error` says why. The session wire only.
 * - `reconnect`, `disconnect`, `dispose`: the application asked for it.
 */
export type CauseReason =
  | 'unreachable'
  | 'offline'
  | 'csp'
  | 'unauthorized'
  | 'forbidden'
  | 'rate-limited'
  | 'server-error'
  | 'upgrade-blocked'
  | 'left'
  | 'timeout'
  | 'lost'
  | 'silent'
  | 'change'
  | 'url'
  | 'token'
  | 'protocols'
  | 'refused'
  | 'blocked'
  | 'send-failed'
  | 'wire-mismatch'
  | 'protocol'
  | 'unreadable'
  | 'drained'
  | 'closed'
  | 'reconnect'
  | 'disconnect'
  | 'dispose'
  | (string & {})

/** Why a connection ended or an attempt failed: data, not an error. */
export interface Cause {
  readonly reason: CauseReason
  /**
   * The close code as the socket reported it, if a socket closed and told one, or the one that was given to
   * `disconnect()`. 1005 and 1006 mean that no code was received.
   */
  readonly code?: number
  /** The HTTP status that the server answered with when `overHttp()` asked why no socket opens. */
  readonly status?: number
  /**
   * The text that the server sent with the close code, on one line and without control characters; or what it did
   * against the protocol; or the reason that was given to `disconnect()`.
   */
  readonly text?: string
  /** What was thrown, if something was. */
  readonly error?: unknown
}
