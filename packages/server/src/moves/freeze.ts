import { voidBody } from '@holdfast/protocol'
import type { Body, Queued, Session } from '@holdfast/protocol'
import type { Limits } from '../limits.ts'
import type { SessionSnapshot } from './snapshot.ts'

type Messages = Pick<SessionSnapshot, 'rx' | 'acknowledged' | 'suspect' | 'written' | 'queued'>

/**
 * Returns the messages of a session and its numbers, for its snapshot. The session must be fenced: what it receives or writes from
 * now on would be missing. `now` is the time by which messages expire.
 */
export function freezeMessages(
  session: Session<Body>,
  queued: readonly Queued<Body>[],
  now: number,
): Messages {
  const { rx, acknowledged, suspect } = session
  return {
    rx,
    acknowledged,
    suspect,
    written: Array.from(session.replay(), ([, message]) => message?.body ?? voidBody),
    queued: queued.map(({ body, key, expiresAt }) => ({ body, key, ttl: expiresAt - now })),
  }
}

/**
 * Returns the snapshot as it is after that many milliseconds, in which messages that wait may have expired, and the client has got new
 * tokens.
 */
export function afterWait(
  snapshot: SessionSnapshot,
  elapsed: number,
  { messageRate, publishRate }: Pick<Limits, 'messageRate' | 'publishRate'>,
): SessionSnapshot {
  const left = (missing: number, rate: number): number =>
    rate === Infinity ? 0 : Math.max(0, missing - (elapsed * rate) / 1_000)
  const queued = snapshot.queued
    .map((message) => ({ ...message, ttl: message.ttl - elapsed }))
    .filter(({ ttl }) => ttl > 0)
  const { received, published } = snapshot
  return {
    ...snapshot,
    queued,
    received: left(received, messageRate),
    published: left(published, publishRate),
  }
}
