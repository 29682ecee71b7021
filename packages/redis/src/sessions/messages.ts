import type { Claim, SessionToken } from '@holdfast/server'

/** What hubs send each other, with the hash of the session. */
export type HubMessage =
  | { readonly type: 'asked'; readonly hash: string; readonly attempt: number; readonly claim: Claim }
  | { readonly type: 'posted'; readonly hash: string }
  | { readonly type: 'aborted'; readonly hash: string; readonly requests: readonly number[] }

export function encodeAsked(hash: string, { attempt }: SessionToken, claim: Claim): string {
  const { keyHash, identity, client, n } = claim
  return JSON.stringify(['asked', hash, attempt, keyHash, identity, client, n])
}

export function encodePosted(hash: string): string {
  return JSON.stringify(['posted', hash])
}

export function encodeAborted(hash: string, requests: readonly number[]): string {
  return JSON.stringify(['aborted', hash, ...requests])
}

/** Undefined for what no hub of this version has sent. */
export function decodeMessage(text: string): HubMessage | undefined {
  const [type, hash, ...rest] = parse(text)
  if (typeof hash !== 'string') return undefined
  if (type === 'posted') return { type, hash }
  if (type === 'aborted' && rest.every(isNumber)) return { type, hash, requests: rest }
  if (type !== 'asked') return undefined
  const [attempt, keyHash, identity, client, n] = rest
  if (!isNumber(attempt) || typeof keyHash !== 'string' || typeof client !== 'string' || !isNumber(n))
    return undefined
  if (identity !== null && typeof identity !== 'string') return undefined
  return { type, hash, attempt, claim: { keyHash, identity, client, n } }
}

function parse(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number'
}
