import { createHash } from 'node:crypto'

/**
 * Returns the tag of an identity for its client, which only shows whether the identity has changed.
 *
 * A plain hash, without a key: it must be the same after a restart and on every node, or clients would conclude that
 * their identity changed and drop their queued messages. Only the client with the identity receives it, so there is
 * nothing to guess.
 */
export function identityTag(identity: string | null): string | null {
  if (identity === null) return null
  return createHash('sha256').update(`holdfast identity\n${identity}`).digest('base64url').slice(0, 22)
}
