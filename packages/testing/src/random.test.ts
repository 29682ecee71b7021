import { expect, test } from 'vitest'
import { createRandom } from './random.ts'

const draw = (seed: number): number[] => Array.from({ length: 1_000 }, createRandom(seed))

test('the same seed produces the same numbers, and another seed other numbers', () => {
  expect(draw(7)).toEqual(draw(7))
  expect(draw(7)).not.toEqual(draw(8))
  expect(draw(0)[0]).not.toBe(draw(1)[0])
})

test('numbers are at least 0 and below 1, and spread evenly', () => {
  const numbers = draw(1)
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...numbers)).toBeLessThan(1)
  for (let tenth = 0; tenth < 10; tenth++) {
    const count = numbers.filter((number) => Math.floor(number * 10) === tenth).length
    expect(count).toBeGreaterThan(60)
    expect(count).toBeLessThan(140)
  }
})
