import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffWindow, boundHint, failuresAfter, pickDelay } from './backoff.ts'

const options = {
  minDelay: 100,
  baseDelay: 1_000,
  maxDelay: 30_000,
  maxHiddenDelay: 120_000,
  maxAttempts: Infinity,
  minUptime: 5_000,
}

describe('the backoff window', () => {
  it('doubles from the base to the cap', () => {
    const widths = [1, 2, 3, 4, 5, 6, 7, 50, 5_000].map(
      (failures) => backoffWindow(failures, undefined, options)[1],
    )
    expect(widths).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000])
  })

  it('has a higher cap while nobody sees the page', () => {
    const ends = (isHidden: boolean, more = {}): number[] =>
      [5, 6, 7, 8, 50].map(
        (failures) => backoffWindow(failures, undefined, { ...options, ...more }, undefined, isHidden)[1],
      )
    expect(ends(true)).toEqual([16_000, 32_000, 64_000, 120_000, 120_000])
    expect(ends(false)).toEqual([16_000, 30_000, 30_000, 30_000, 30_000])
    expect(ends(true, { maxDelay: 200_000 }).at(-1)).toBe(200_000)
  })

  it('follows the cause right after a stable connection', () => {
    expect(backoffWindow(0, [0, 5_000], options)).toEqual([100, 5_000])
    expect(backoffWindow(0, undefined, options)).toEqual([100, 1_000])
  })

  it('never goes below what the server asked for', () => {
    expect(backoffWindow(0, [10_000, 30_000], options)).toEqual([10_000, 30_000])
    expect(backoffWindow(3, [10_000, 30_000], options)).toEqual([10_000, 30_000])
    expect(backoffWindow(3, [60_000, 60_000], options)).toEqual([60_000, 60_000])
  })

  it('is what the server itself asks for, however many attempts have failed', () => {
    const told = [7_000, 8_000] as const
    expect(backoffWindow(6, told, options, told)).toEqual([7_000, 8_000])
    const soon = [0, 50] as const
    expect(backoffWindow(6, soon, options, soon)).toEqual([100, 100])
  })

  it('doubles from a part of what the server asked for, when it was not there at that time', () => {
    const told = [0, 30_000] as const
    const ends = [1, 2, 3, 4].map((failures) => backoffWindow(failures, undefined, options, told)[1])
    expect(ends).toEqual([7_500, 15_000, 30_000, 30_000])
    expect(backoffWindow(1, undefined, options, [60_000, 62_000])).toEqual([100, 1_000])
    expect(backoffWindow(2, [10_000, 12_000], options, told)).toEqual([10_000, 15_000])
  })

  it('is never inside out, whatever the options', () => {
    const delay = fc.integer({ min: 0, max: 100_000 })
    fc.assert(
      fc.property(
        delay,
        delay,
        delay,
        fc.nat(5_000),
        fc.double({ min: 0, max: 0.9999, noNaN: true }),
        (minDelay, baseDelay, maxDelay, failures, random) => {
          const window = backoffWindow(failures, undefined, { ...options, minDelay, baseDelay, maxDelay })
          const picked = pickDelay(window, random)
          expect(picked).toBeGreaterThanOrEqual(window[0])
          expect(picked).toBeLessThanOrEqual(window[1])
          expect(picked).toBeGreaterThanOrEqual(minDelay)
        },
      ),
    )
  })

  it('keeps to a fixed delay, however long the server is away', () => {
    const fixed = { ...options, minDelay: 1_000, baseDelay: 0 }
    const delays = [1, 100, 1_024, 1_025, 100_000].map((failures) =>
      pickDelay(backoffWindow(failures, undefined, fixed), 0.5),
    )
    expect(delays).toEqual([1_000, 1_000, 1_000, 1_000, 1_000])
  })

  it('may be never', () => {
    const never = { ...options, minDelay: Infinity }
    expect(pickDelay(backoffWindow(1, undefined, never), 0.5)).toBe(Infinity)
  })

  it('spreads delays evenly', () => {
    const delays = Array.from({ length: 1_000 }, (_, index) => pickDelay([100, 1_100], index / 1_000))
    expect(delays.filter((delay) => delay < 600)).toHaveLength(500)
  })
})

describe('the failures that count after a connection', () => {
  it('are none from the base delay on, and one more for each half of that which it lived less', () => {
    const counts = [5_000, 1_001, 1_000, 501, 500, 250, 125, 63, 62, 1, 0, -5].map((uptime) =>
      failuresAfter(uptime, 20, 1_000),
    )
    expect(counts).toEqual([0, 0, 0, 1, 1, 2, 3, 4, 5, 10, 10, 10])
  })

  it('are not more than before, and one fewer after a quarter of the base delay', () => {
    expect([1, 2, 3, 4].map((failures) => failuresAfter(249, failures, 1_000))).toEqual([1, 2, 3, 3])
    expect([1, 2, 3, 4].map((failures) => failuresAfter(250, failures, 1_000))).toEqual([0, 0, 1, 2])
  })

  it('never lead to a window that is longer than the uptime is worth, whatever the base delay', () => {
    const base = fc.integer({ min: 0, max: 100_000 })
    fc.assert(
      fc.property(base, fc.nat(100_000), (baseDelay, uptime) => {
        const count = failuresAfter(uptime, 1_000, baseDelay)
        const [, end] = backoffWindow(count, [0, 0], {
          ...options,
          minDelay: 0,
          baseDelay,
          maxDelay: Infinity,
        })
        expect(count).toBeGreaterThanOrEqual(0)
        expect(end).toBeLessThanOrEqual(baseDelay * Math.max(1, baseDelay / Math.max(1, uptime)))
      }),
    )
    expect(failuresAfter(100, 7, Infinity)).toBe(7)
    expect(failuresAfter(100, 7, 0)).toBe(0)
  })
})

describe('a window that a server asks for', () => {
  it('is taken as it is within an hour, and no more than that', () => {
    for (const hint of [
      [0, 0],
      [0, 3_600_000],
      [3_600_000, 3_600_000],
    ] as const)
      expect(boundHint(hint)).toBe(hint)
    expect(boundHint([0, 2 ** 53])).toEqual([0, 3_600_000])
  })

  it('does not have all come at once when it lies further off', () => {
    expect(boundHint([2 ** 53, 2 ** 53])).toEqual([2_880_000, 3_600_000])
    expect(boundHint([7_200_000, Infinity])).toEqual([2_880_000, 3_600_000])
  })
})
