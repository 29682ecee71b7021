import { createHash } from 'node:crypto'

/** What a store gets of the key of a session. */
export function keyHash(key: string): string {
  return createHash('sha256').update(key).digest('base64url')
}
