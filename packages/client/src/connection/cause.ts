/**
 * Why a connection ended or an attempt failed, in a word.
 *
 * - `unreachable`: the socket closed before it opened. Browsers do not report why.
 * - `offline`: the same, while the platform reports that it is offline.
 * - `csp`: the same, because the content security policy of the page forbids it.
 * - `unauthorized`, `forbidden`, `rate-limited`, `server-error`: the same, and the request of `diagnose: overHttp()`
 *   was answered with 401, 403, 429 or a status of 500 and above, which is `status`.
 * - `upgrade-blocked`: the same, although that request got another response: an intermediary blocks WebSockets, or
 *   there is none at this URL.
 * - `left`: the page was left or frozen, so the client closed the socket.
 * - `timeout`: the attempt took longer than `attemptTimeout`.
 * - `lost`, `going-away`, `restart` …: the socket closed; the reason of its close code.
 * - `silent`: the peer gave no proof of life.
 * - `change`: the network changed or the page was restored, so the client replaced the socket.
 * - `url`, `token`, `protocols`: the function of that name failed.
 * - `refused`: the server refused the greeting.
 * - `blocked`: the constructor of the socket threw.
 * - `send-failed`: the socket threw in `send()`.
 * - `wire-mismatch`: the server uses a different wire than the client; `error` says what to do.
 * - `protocol`: the server violated the protocol of the session wire; `text` describes the violation.
 * - `drained`: the server shuts down as planned. The session has ended, or continues on another node.
 * - `closed`: the application of the server ended the session.
 * - `unreadable`: a message arrived that this platform cannot read; `error` is the reason. Session wire only.
 * - `reconnect`, `disconnect`, `dispose`: the application called the method.
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
   * The close code as the socket reported it, if a socket closed with one, or the one that was passed to
   * `disconnect()`. 1005 and 1006 mean that no code was received.
   */
  readonly code?: number
  /** The HTTP status of the response to the request of `overHttp()`. */
  readonly status?: number
  /**
   * The text that the server sent with the close code, on one line and without control characters; or the description
   * of its violation; or the reason that was passed to `disconnect()`.
   */
  readonly text?: string
  /** The exception, if there was one. */
  readonly error?: unknown
}
