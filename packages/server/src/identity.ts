import { createHash } from 'node:crypto'

/**
 * What the client is told of its identity: it can see that it has changed, and nothing else.
 *
 * A plain hash, without a key: it must be the same after a restart and on every node, or clients would take themselves
 * for somebody else and drop what waits to be sent. It goes to nobody but the client that has the identity, so there is
 * nothing to guess.
 */
export function identityTag(identity: string | null): string | null {
  if (identity === null) return null
  return createHash('sha256').update(`holdfast identity\n${identity}`).digest('base64url').slice(0, 22)
}
