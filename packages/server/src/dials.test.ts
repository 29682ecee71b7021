import { describe, expect, it } from 'vitest'
import { Dials } from './dials.ts'

describe('the dials of a session', () => {
  it('are counted for each instance of the client', () => {
    const dials = new Dials({ client: 'a', n: 5 })
    const isLate = (client: string, n: number): boolean => dials.isLate({ client, n })
    expect([isLate('a', 5), isLate('a', 6), isLate('b', 1)]).toEqual([true, false, false])
    dials.note({ client: 'b', n: 1 })
    expect([isLate('b', 1), isLate('a', 5), isLate('a', 6)]).toEqual([true, true, false])
    dials.note({ client: 'a', n: 6 })
    expect([isLate('a', 6), isLate('b', 1), isLate('b', 2)]).toEqual([true, true, false])
  })

  it('remember only the last few instances of a client that comes with a flood of them', () => {
    const dials = new Dials({ client: 'a', n: 1 })
    for (let n = 0; n < 1_000; n++) dials.note({ client: `c${n}`, n: 1 })
    const late = Array.from({ length: 1_000 }, (_, n) => dials.isLate({ client: `c${n}`, n: 1 }))
    expect(late.lastIndexOf(false)).toBe(990)
    expect(late.slice(991)).toEqual(Array.from({ length: 9 }, () => true))
  })
})
