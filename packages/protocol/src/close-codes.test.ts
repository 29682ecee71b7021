import { describe, expect, it } from 'vitest'
import { closeRule, defaultCloseRules, isPoison, readClose } from './close-codes.ts'

describe('close codes', () => {
  it('are fatal only where dialing again cannot help', () => {
    const fatal = Object.entries(defaultCloseRules).filter(([, rule]) => rule.action === 'fatal')
    expect(fatal.map(([code]) => Number(code))).toEqual([3003, 4400, 4403, 4404, 4406, 4409, 4426])
  })

  it('ask for a fresh token when they say unauthorized', () => {
    const refresh = Object.entries(defaultCloseRules).filter(([, rule]) => rule.action === 'refresh')
    expect(refresh.map(([code]) => Number(code))).toEqual([1008, 3000, 4401])
  })

  it('have a reason each, and a window that is not inside out', () => {
    for (const code of Object.keys(defaultCloseRules)) {
      const { reason, delay } = closeRule(Number(code))
      expect(reason).toMatch(/^[a-z]+(-[a-z]+)*$/)
      expect(delay![0]).toBeLessThanOrEqual(delay![1])
    }
  })

  it('redial soon when the path was lost, and spread out when the server closed', () => {
    expect(closeRule(1006).delay).toEqual([0, 1_000])
    expect(closeRule(1001)).toEqual({ reason: 'going-away', delay: [250, 5_000] })
    expect(closeRule(1013).delay).toEqual([10_000, 30_000])
  })

  it('that nobody listed are retried', () => {
    expect(closeRule(4999)).toEqual({ reason: 'closed', delay: [0, 5_000] })
    expect(closeRule(NaN)).toEqual({ reason: 'closed', delay: [0, 5_000] })
  })

  it('can be given another meaning', () => {
    const rules = { ...defaultCloseRules, 4100: { reason: 'kicked', action: 'fatal' as const } }
    expect(closeRule(4100, rules)).toMatchObject({ reason: 'kicked', action: 'fatal' })
    expect(closeRule(1006, rules).reason).toBe('lost')
  })
})

describe('what the event of a close tells', () => {
  it.each([
    [
      { code: 1001, reason: 'bye' },
      { code: 1001, text: 'bye' },
    ],
    [{ code: 4_000, reason: '' }, { code: 4_000 }],
    [
      { code: 1006, reason: 'a\nb' },
      { code: 1006, text: 'a b' },
    ],
    [{ code: 0, reason: null }, {}],
    [{ code: '1001', reason: 1 }, {}],
    [{ code: 1000.5 }, {}],
    [{}, {}],
    [undefined, {}],
    [null, {}],
  ])('is its code and its reason, if they are any: %o', (event, facts) => {
    expect(readClose(event)).toEqual(facts)
  })
})

it('a message may be the reason of closes that say so, and of no others', () => {
  expect([1000, 1003, 1006, 1007, 1009, 4400, 4413, 4422, 4425].filter(isPoison)).toEqual([
    1003, 1007, 1009, 4413, 4422,
  ])
})
