import { readClose, ruleIn } from '@holdfast/protocol'
import type { CloseRules } from '@holdfast/protocol'
import { retry } from './attempt.ts'
import type { AttemptHost } from './attempt.ts'
import { lost } from './retry.ts'

/** Reads `close` events by the rules for their codes. */
export function closeReader(rules: CloseRules): AttemptHost['closed'] {
  return (event, conversation) => {
    const facts = readClose(event)
    // Before the socket opened, the code is its own and not the server's.
    if (!conversation) return { cause: { reason: 'unreachable', ...facts }, rule: retry }
    const known = facts.code ? ruleIn(rules, facts.code) : lost
    const retryAfter = conversation.retryAfter(facts.text)
    return { cause: { reason: known.reason, ...facts }, rule: retryAfter ? { ...known, retryAfter } : known }
  }
}
