import { expect, test } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import { breaches, expectHealing } from './outages.ts'

expectNothingLeft()

test('50 subscribers on paths that keep breaking, and a planned restart: each gets every publication once and in order, or is notified of the gap first', () =>
  expectHealing(50))

test.each([
  [[0, 1, 'gap', 5, 6], []],
  [['gap', 0, 1], []],
  [[0, 2], ['2 after 0']],
  [[0, 1, 1], ['1 after 1']],
  [
    [0, 2, 1, 'gap', 3],
    ['2 after 0', '1 after 2'],
  ],
  [[0, 'gap', 5, 7], ['7 after 5']],
  [['gap', 4, 'gap', 4], ['4 after 4']],
] as const)('of %o, these are breaches: %o', (got, expected) => {
  expect(breaches(got)).toEqual(expected)
})
