import { describe, expect, it } from 'vitest'
import { createNotices } from './notices.ts'

describe('notices', () => {
  it('are told at once, or after the step with all steps inside it', () => {
    const { during, post } = createNotices()
    const told: number[] = []
    post(() => told.push(1))
    expect(told).toEqual([1])
    const result = during(() => {
      post(() => told.push(2))
      during(() => post(() => told.push(3)))
      expect(told).toEqual([1])
      return 'done'
    })
    expect([result, told]).toEqual(['done', [1, 2, 3]])
  })

  it('that lead to others, however many, do not make the stack grow', () => {
    const { during, post } = createNotices()
    let told = 0
    let depth = 0
    let deepest = 0
    const notice = (): void => {
      depth++
      deepest = Math.max(deepest, depth)
      if (++told < 100_000) during(() => post(notice))
      depth--
    }
    post(notice)
    expect([told, deepest]).toEqual([100_000, 1])
  })

  it('are all told when one of them throws, or the step does', () => {
    const { during, post } = createNotices()
    const told: number[] = []
    const fail = (): void => {
      throw new Error('oops')
    }
    expect(() =>
      during(() => {
        post(fail)
        post(() => told.push(1))
      }),
    ).toThrow('oops')
    expect(() =>
      during(() => {
        post(() => told.push(2))
        fail()
      }),
    ).toThrow('oops')
    post(() => told.push(3))
    expect(told).toEqual([1, 2, 3])
  })
})
