import { describe, expect, it } from 'vitest'
import { createDeferredEvents } from './deferred-events.ts'

describe('deferred events', () => {
  it('are emitted at once, or after the step with all steps inside it', () => {
    const { during, defer } = createDeferredEvents()
    const told: number[] = []
    defer(() => told.push(1))
    expect(told).toEqual([1])
    const result = during(() => {
      defer(() => told.push(2))
      during(() => defer(() => told.push(3)))
      expect(told).toEqual([1])
      return 'done'
    })
    expect([result, told]).toEqual(['done', [1, 2, 3]])
  })

  it('that lead to others, however many, do not make the stack grow', () => {
    const { during, defer } = createDeferredEvents()
    let told = 0
    let depth = 0
    let deepest = 0
    const event = (): void => {
      depth++
      deepest = Math.max(deepest, depth)
      if (++told < 100_000) during(() => defer(event))
      depth--
    }
    defer(event)
    expect([told, deepest]).toEqual([100_000, 1])
  })

  it('are all emitted when one of them throws, or the step does', () => {
    const { during, defer } = createDeferredEvents()
    const told: number[] = []
    const fail = (): void => {
      throw new Error('oops')
    }
    expect(() =>
      during(() => {
        defer(fail)
        defer(() => told.push(1))
      }),
    ).toThrow('oops')
    expect(() =>
      during(() => {
        defer(() => told.push(2))
        fail()
      }),
    ).toThrow('oops')
    defer(() => told.push(3))
    expect(told).toEqual([1, 2, 3])
  })
})
