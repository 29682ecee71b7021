import type { AbortSignalLike } from '@holdfast/protocol'
import type { RequestLike } from './ports.ts'

/** The argument of `authenticate`. */
export interface AuthenticateContext {
  /** The token that the client sent. */
  readonly token: string | undefined
  /**
   * The upgrade request, with its headers and cookies. On `renew` it has only the first 1,024 characters of the URL, the
   * address of the socket, and the headers `host`, `origin`, `forwarded`, `x-forwarded-for` and `x-real-ip`, each if it has
   * at most 256 characters.
   */
  readonly request: RequestLike
  /**
   * `connect` for a new session, `resume` for a session that the client presents, `renew` for a fresh token in place.
   */
  readonly reason: 'connect' | 'resume' | 'renew'
  /** Aborted when the result can no longer be used. */
  readonly signal: AbortSignalLike
}

/** The identity of a client. */
export interface Authentication<Data = unknown> {
  /**
   * The user, or any other value that must stay the same for a session to be resumed; null for anonymous clients. The
   * client receives a hash of it.
   */
  readonly identity: string | null
  /** Becomes `peer.data`. On `resume` and `renew` it replaces the current data, unless it is undefined. */
  readonly data?: Data | undefined
  /**
   * How long the authentication is valid, in milliseconds. The hub asks the client for a fresh token ahead of that
   * time, and every 5 s at most. With 0 or less the token has expired: the client is refused, as with undefined.
   */
  readonly expiresIn?: number | undefined
}

export type MaybeAuthentication<Data> =
  | Authentication<Data>
  | undefined
  | Promise<Authentication<Data> | undefined>
