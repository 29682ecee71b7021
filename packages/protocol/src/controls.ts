import type { DelayRange } from './close-codes.ts'
import type { Hi, Ok } from './frame.ts'

/** Returns whether the peer may send a control, and whether it is well formed. */
export type IsControl = (name: string, content: unknown) => boolean

/** Returns whether a server may send this control. */
export const isServerControl: IsControl = (name, content) => {
  if (name === 'renew' || isSharedControl(name, content)) return true
  const record = recordOf(content)
  switch (name) {
    case 'holdfast':
      return isCount(record['v'])
    case 'ok':
      return isOk(record)
    case 'drain':
      return isSpan(record['after']) && isCount(record['within']) && isFlag(record['park'])
  }
  return false
}

/** Returns whether a client may send this control. */
export const isClientControl: IsControl = (name, content) => {
  if (name === 'token') return typeof content === 'string'
  return isSharedControl(name, content) || (name === 'hi' && isHi(recordOf(content)))
}

/** Returns whether the value is an exact integer of 0 or more. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** Parses the hint in the reason of a close: `{"after":[min,max]}`, in milliseconds. */
export function closeHint(reason: string | undefined): DelayRange | undefined {
  if (!reason?.startsWith('{')) return undefined
  try {
    const { after } = JSON.parse(reason) as { readonly after?: unknown }
    return isSpan(after) ? after : undefined
  } catch {
    return undefined
  }
}

function isSharedControl(name: string, content: unknown): boolean {
  // The channels of each end check the content.
  if (name === 'channel') return true
  if (name === 'a' || name === 'p' || name === 'q') return isCount(content)
  const { rx, total = 0, code = 0, reason = '' } = recordOf(content)
  return name === 'bye' && [rx, total, code].every(isCount) && typeof reason === 'string'
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** Returns whether the value is a range of delays, in milliseconds. */
export function isSpan(value: unknown): value is readonly [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every(isCount) && value[0]! <= value[1]!
}

function isWindow(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every((size) => isCount(size) && size > 0)
}

function isFrameSize(value: unknown): boolean {
  return isCount(value) && value >= 1_024
}

function isText(value: unknown, maxLength: number): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= maxLength
}

/** Returns whether the value is that of a member which is true or absent. */
export function isFlag(value: unknown): boolean {
  return value === undefined || value === true
}

function isHi(hi: Record<keyof Hi, unknown>): boolean {
  const { v, client, n, maxPayload, token, session, key, rx, park } = hi
  // Greetings of other versions may look different.
  if (v !== 1) return isCount(v)
  const isNew = session === undefined && key === undefined && rx === undefined
  return (
    isText(client, 64) &&
    isCount(n) &&
    n > 0 &&
    isWindow(hi.window) &&
    isFrameSize(maxPayload) &&
    isFlag(park) &&
    (token === undefined || typeof token === 'string') &&
    (isNew || (isText(session, 256) && isText(key, 256) && isCount(rx)))
  )
}

function isOk(ok: Record<keyof Ok, unknown>): boolean {
  const { session, key, rx, identity, ttl, ping, maxPayload, lost, producers } = ok
  return (
    isText(session, 256) &&
    isText(key, 256) &&
    isCount(rx) &&
    (identity === null || typeof identity === 'string') &&
    isCount(ttl) &&
    isCount(ping) &&
    ping > 0 &&
    isWindow(ok.window) &&
    isFrameSize(maxPayload) &&
    (lost === undefined || isLost(recordOf(lost))) &&
    (producers === undefined || isProducersOffer(recordOf(producers)))
  )
}

function isProducersOffer({ epoch, ttl }: Record<string, unknown>): boolean {
  return isText(epoch, 64) && isCount(ttl)
}

function isLost({ why, rx, missed }: Record<string, unknown>): boolean {
  return typeof why === 'string' && (rx === null || isCount(rx)) && (missed === null || isCount(missed))
}
