import type { Claim, SessionToken } from '@holdfast/server'

/** What hubs send each other, with the hash of the session. */
export type HubMessage =
  | { readonly type: 'asked'; readonly hash: string; readonly attempt: number; readonly claim: Claim }
  | { readonly type: 'posted'; readonly hash: string }

export function encodeAsked(hash: string, { attempt }: SessionToken, claim: Claim): string {
  const { keyHash, identity, client, n } = claim
  return JSON.stringify(['asked', hash, attempt, keyHash, identity, client, n])
}

export function encodePosted(hash: string): string {
  return JSON.stringify(['posted', hash])
}

export function decodeMessage(text: string): HubMessage {
  const [type, hash, attempt, keyHash, identity, client, n] = JSON.parse(text) as [
    HubMessage['type'],
    string,
    number,
    string,
    string | null,
    string,
    number,
  ]
  return type === 'posted' ? { type, hash } : { type, hash, attempt, claim: { keyHash, identity, client, n } }
}
