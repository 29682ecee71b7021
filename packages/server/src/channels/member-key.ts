import { createHash } from 'node:crypto'

/**
 * Returns the key by which a session is a member of channels. Brokers and other clients receive it: it is the same on every hub, and
 * does not reveal the id of the session.
 */
export function memberKeyOf(session: string): string {
  return createHash('sha256').update(`holdfast member\n${session}`).digest('base64url').slice(0, 22)
}
