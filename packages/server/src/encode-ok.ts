import { encodeControl } from '@holdfast/protocol'
import type { Lost, Ok } from '@holdfast/protocol'
import type { HubParts } from './hub-parts.ts'
import { identityTag } from './identity.ts'
import type { SessionRecord } from './session-record.ts'

/** Encodes the `ok` that ends the greeting. */
export function encodeOk(
  { policy, producers, channels }: Pick<HubParts, 'policy' | 'producers' | 'channels'>,
  record: SessionRecord,
  lost: Lost | undefined,
): string {
  const { limits, sessionTimeout, pingInterval } = policy
  const ok: Ok = {
    session: record.id,
    key: record.key,
    rx: record.session.rx,
    identity: identityTag(record.identity),
    ttl: sessionTimeout,
    ping: pingInterval,
    window: limits.window,
    maxPayload: limits.maxPayloadBytes,
    ...(lost && { lost }),
    producers: producers.offer(record),
    ...(channels.isOffered && { channels: true as const }),
  }
  return encodeControl(['ok', ok])
}
