import type { AbortSignalLike } from '@holdfast/protocol'
import type { RequestLike } from './ports.ts'

/** What `authenticate` is told. */
export interface AuthenticateContext {
  /** What the client sent as its token. */
  readonly token: string | undefined
  /**
   * The request for the upgrade, with its headers and cookies. On `renew` it has nothing but what its type says, of that no
   * cookies and no `Authorization`, and the first 1,024 characters of the URL and about 2,000 of the headers at most.
   */
  readonly request: RequestLike
  /** `connect` for a new session, `resume` for one that the client says it had, `renew` for a fresh token in place. */
  readonly reason: 'connect' | 'resume' | 'renew'
  /** Aborted when the answer can no longer be used. */
  readonly signal: AbortSignalLike
}

/** Who a client is. */
export interface Authentication<Data = unknown> {
  /**
   * The user, or whatever else must be the same for a session to be resumed; null for nobody in particular. The client
   * sees a hash of it.
   */
  readonly identity: string | null
  /** Becomes `peer.data`. On `resume` and `renew` it replaces what is there, unless it is undefined. */
  readonly data?: Data | undefined
  /**
   * For how long this holds, in milliseconds. The client is asked for a fresh token ahead of that, and every 5 s at most.
   */
  readonly expiresIn?: number | undefined
}

export type MaybeAuthentication<Data> =
  | Authentication<Data>
  | undefined
  | Promise<Authentication<Data> | undefined>
