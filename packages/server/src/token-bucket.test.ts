import { createVirtualClock } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { TokenBucket } from './token-bucket.ts'

const takeAll = (bucket: TokenBucket): number => {
  let count = 0
  while (count < 10_000 && bucket.take()) count++
  return count
}

describe('a token bucket', () => {
  it('gives its burst at once, and its rate in the long run', async () => {
    const clock = createVirtualClock()
    const bucket = new TokenBucket(clock, 100, 5)
    expect([takeAll(bucket), bucket.wait(1), bucket.wait(3)]).toEqual([5, 10, 30])
    await clock.advance(30)
    expect(takeAll(bucket)).toBe(3)
    let count = 0
    for (let tick = 0; tick < 1_000; tick++) {
      await clock.advance(7)
      count += takeAll(bucket)
    }
    expect(count).toBeGreaterThan(697)
    expect(count).toBeLessThan(701)
    await clock.advance(60_000)
    expect(takeAll(bucket)).toBe(5)
  })

  it('gives no more than its burst at once, also after it was used for a while', async () => {
    const clock = createVirtualClock()
    const bucket = new TokenBucket(clock, 100, 5)
    bucket.take()
    await clock.advance(60_000)
    expect(takeAll(bucket)).toBe(5)
  })

  it('is not waited for longer than until it is full', () => {
    const bucket = new TokenBucket(createVirtualClock(), 100, 2)
    takeAll(bucket)
    expect(bucket.wait(50)).toBe(20)
  })

  it('pays a debt first', async () => {
    const clock = createVirtualClock()
    const bucket = new TokenBucket(clock, 10, 20)
    bucket.spend(50)
    expect([bucket.take(), bucket.wait(1)]).toEqual([false, 3_100])
    await clock.advance(3_000)
    expect(bucket.take()).toBe(false)
    await clock.advance(100)
    expect([takeAll(bucket), bucket.wait(0)]).toEqual([1, 100])
  })

  it('gives any number when its rate has no end, also at one and the same moment', () => {
    const bucket = new TokenBucket(createVirtualClock(), Infinity, 2)
    expect([takeAll(bucket), bucket.wait(1)]).toEqual([10_000, 0])
    const endless = new TokenBucket(createVirtualClock(), Infinity, Infinity)
    expect([takeAll(endless), endless.wait(1)]).toEqual([10_000, 0])
  })
})
