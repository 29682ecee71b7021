import { createVirtualClock } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { createFirstOfKind } from './first-of-kind.ts'

describe('the first of a kind', () => {
  it('speaks for those that follow within a minute', async () => {
    const clock = createVirtualClock()
    const isFirst = createFirstOfKind(clock)
    expect(['a', 'a', 'b', 'a', '__proto__', '__proto__'].map(isFirst)).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
    ])
    await clock.advance(59_000)
    expect(isFirst('a')).toBe(false)
    await clock.advance(1_000)
    expect([isFirst('a'), isFirst('a')]).toEqual([true, false])
  })

  it('is one of a hundred in a minute, whatever kinds there are', async () => {
    const clock = createVirtualClock()
    const isFirst = createFirstOfKind(clock)
    const firsts = () => Array.from({ length: 1_000 }, (_, n) => isFirst(`${n}`)).filter(Boolean).length
    expect([firsts(), firsts()]).toEqual([100, 0])
    await clock.advance(60_000)
    expect(firsts()).toBe(100)
  })
})
