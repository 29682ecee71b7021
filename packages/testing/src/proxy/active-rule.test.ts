import { describe, expect, it } from 'vitest'
import { spanOf } from './active-rule.ts'
import type { Span } from './active-rule.ts'
import { parseRule } from './parse-rule.ts'

/** When a rule holds that was made at 100, for the second connection. */
function span(text: string, openedAt: number): Span {
  const active = { rule: parseRule(text), madeAt: 100, dialsBefore: 1, takenBack: false }
  return spanOf(active, { number: 2, openedAt })
}

describe('the time of a rule', () => {
  it('a rule without a time always applies', () => {
    expect(span('both: drop', 50)).toEqual({ from: 100, until: Infinity })
  })

  it('the time of a rule begins with the connection, or with the rule if that is later', () => {
    expect(span('both after 5ms for 10ms: drop', 500)).toEqual({ from: 505, until: 515 })
    expect(span('both after 5ms for 10ms: drop', 50)).toEqual({ from: 105, until: 115 })
  })

  it('the time of a refuse rule begins with the rule', () => {
    expect(span('connections after 5ms for 10ms: refuse', 500)).toEqual({ from: 105, until: 115 })
  })

  it('an accept-late rule applies at the beginning of a connection', () => {
    expect(span('connections: accept late 30ms', 500)).toEqual({ from: 500, until: 530 })
  })
})
