import { isCount } from '@holdfast/protocol'
import type { MailboxEntry, ReleaseRequest, Taken } from './session-store.ts'

// A store is another program, which may be of another version: what it gives may be anything.

/** @throws for what is no answer to a claim */
export function checkTaken(answer: Taken): Taken {
  const { status, ...rest } = Object(answer) as { readonly status?: unknown } & Record<string, unknown>
  switch (status) {
    case 'yours':
      if (isToken(rest['token']) && typeof rest['text'] === 'string' && isTime(rest['elapsed'])) return answer
      break
    case 'ended':
      if (isTombstone(rest['tombstone'])) return answer
      break
    case 'missing':
      if (isTime(rest['beginTimeout']) && typeof rest['hasForgotten'] === 'boolean') return answer
      break
    case 'elsewhere':
    case 'late':
    case 'unreadable':
    case 'unknown':
      return answer
  }
  throw new TypeError('the store of sessions returned an invalid answer')
}

/** @throws for what is no request of another hub */
export function checkRequest(request: ReleaseRequest): ReleaseRequest {
  const { session, token, claim } = Object(request) as Record<keyof ReleaseRequest, unknown>
  const { client, n, identity } = Object(claim) as Record<'client' | 'n' | 'identity', unknown>
  const isClaim = typeof client === 'string' && isCount(n) && isIdentity(identity)
  if (typeof session === 'string' && isToken(token) && isClaim) return request
  throw new TypeError('the store of sessions passed on an invalid request')
}

/** @throws for what is no mailbox */
export function checkMailbox(entries: readonly MailboxEntry[]): readonly MailboxEntry[] {
  if (Array.isArray(entries) && entries.every(isEntry)) return entries
  throw new TypeError('the store of sessions returned an invalid mailbox')
}

function isEntry(value: unknown): boolean {
  const { text, answers } = Object(value) as Record<keyof MailboxEntry, unknown>
  return typeof text === 'string' && (answers === undefined || isCount(answers))
}

function isIdentity(value: unknown): boolean {
  return value === null || typeof value === 'string'
}

function isToken(value: unknown): boolean {
  const { node, attempt } = Object(value) as { readonly node?: unknown; readonly attempt?: unknown }
  return typeof node === 'string' && isCount(attempt)
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && value >= 0
}

function isTombstone(value: unknown): boolean {
  const { why, rx, tx, queued } = Object(value) as Record<'why' | 'rx' | 'tx' | 'queued', unknown>
  return typeof why === 'string' && [rx, tx, queued].every(isCount)
}
