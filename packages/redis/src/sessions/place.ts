import { createHash } from 'node:crypto'
import type { Keys, SessionKeys } from '../keys.ts'

/** Where Redis has a session: under the hash of its id, which Redis does not know. */
export interface SessionPlace {
  readonly hash: string
  readonly keys: SessionKeys
}

export function placeOf(keys: Keys, id: string): SessionPlace {
  const hash = hashOf(id)
  return { hash, keys: keys.session(hash) }
}

export function hashOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url')
}

/** The keys in the order in which the scripts have them. */
export function allOf({ base, blob, mailbox, running }: SessionKeys): readonly string[] {
  return [base, blob, mailbox, running]
}
