import { describe, expect, it } from 'vitest'
import { newcomer } from '../test/support/set-up.ts'
import { isLate, noteDial } from './held.ts'
import type { Dials } from './held.ts'

const hi = (client: string, n: number) => ({ ...newcomer, client, n })

describe('the dials of a session', () => {
  it('are counted for each instance of the client', () => {
    const dials: Dials = { client: 'a', n: 5, others: undefined }
    expect([isLate(dials, hi('a', 5)), isLate(dials, hi('a', 6)), isLate(dials, hi('b', 1))]).toEqual([
      true,
      false,
      false,
    ])
    noteDial(dials, hi('b', 1))
    expect([isLate(dials, hi('b', 1)), isLate(dials, hi('a', 5)), isLate(dials, hi('a', 6))]).toEqual([
      true,
      true,
      false,
    ])
    noteDial(dials, hi('a', 6))
    expect([isLate(dials, hi('a', 6)), isLate(dials, hi('b', 1)), isLate(dials, hi('b', 2))]).toEqual([
      true,
      true,
      false,
    ])
  })

  it('cost nothing for one instance, and little for a flood of them', () => {
    const dials: Dials = { client: 'a', n: 1, others: undefined }
    noteDial(dials, hi('a', 2))
    expect(dials.others).toBeUndefined()
    for (let n = 0; n < 1_000; n++) noteDial(dials, hi(`c${n}`, 1))
    expect(dials.others?.size).toBe(8)
    expect(isLate(dials, hi('c998', 1))).toBe(true)
  })
})
