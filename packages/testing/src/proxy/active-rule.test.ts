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
  it('is always, if it says nothing', () => {
    expect(span('both: drop', 50)).toEqual({ from: 100, until: Infinity })
  })

  it('begins with the connection, or with the rule if that is later', () => {
    expect(span('both after 5ms for 10ms: drop', 500)).toEqual({ from: 505, until: 515 })
    expect(span('both after 5ms for 10ms: drop', 50)).toEqual({ from: 105, until: 115 })
  })

  it('begins with the rule where it is about whether connections are let in', () => {
    expect(span('connections after 5ms for 10ms: refuse', 500)).toEqual({ from: 105, until: 115 })
  })

  it('is the beginning of a connection that is accepted late', () => {
    expect(span('connections: accept late 30ms', 500)).toEqual({ from: 500, until: 530 })
  })
})
