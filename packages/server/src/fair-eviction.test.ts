import { describe, expect, it } from 'vitest'
import { evictFairly } from './fair-eviction.ts'
import type { Owner } from './fair-eviction.ts'

interface Item extends Owner {
  readonly index: number
}

function itemsOf(...owners: readonly (readonly [count: number, identity: string | null, address: string])[]): Item[] {
  let index = 0
  return owners.flatMap(([count, identity, address]) =>
    Array.from({ length: count }, () => ({ identity, address, index: index++ })),
  )
}

/** How many each loses, as `identity@address`. */
function lossesOf(items: readonly Item[], count: number): Record<string, number> {
  const losses: Record<string, number> = {}
  const lastOf = new Map<string, number>()
  evictFairly(items, count, ({ identity, address, index }) => {
    const name = `${identity}@${address}`
    losses[name] = (losses[name] ?? 0) + 1
    expect(index).toBeGreaterThan(lastOf.get(name) ?? -1)
    lastOf.set(name, index)
  })
  return losses
}

describe('who loses something when there is too much', () => {
  it('is the identity that has the most, down to what the others have', () => {
    expect(lossesOf(itemsOf([5, 'ann', ''], [50, 'mallory', ''], [5, 'bob', '']), 40)).toEqual({ 'mallory@': 40 })
    expect(lossesOf(itemsOf([10, 'ann', ''], [30, 'eve', ''], [30, 'mallory', '']), 30)).toEqual({
      'eve@': 15,
      'mallory@': 15,
    })
  })

  it('is the address behind which there are the most, if none of its identities has much', () => {
    const sybils = Array.from({ length: 900 }, (_, n) => [1, `sybil${n}`, '1'] as const)
    const losses = lossesOf(itemsOf([30, 'ann', '2'], [60, null, '3'], ...sybils), 500)
    expect(Object.keys(losses).every((name) => name.endsWith('@1'))).toBe(true)
  })

  it('is the identity rather than its neighbours at the same address', () => {
    const neighbours = Array.from({ length: 50 }, (_, n) => [2, `n${n}`, '1'] as const)
    expect(lossesOf(itemsOf(...neighbours, [200, 'mallory', '1']), 100)).toEqual({ 'mallory@1': 100 })
  })

  it('is whoever was first when all have the same, and those of whom nothing is known count as one address', () => {
    const all = Array.from({ length: 10 }, (_, n) => [1, `n${n}`, ''] as const)
    expect(lossesOf(itemsOf(...all), 3)).toEqual({ 'n0@': 1, 'n1@': 1, 'n2@': 1 })
    expect(lossesOf(itemsOf([20, 'ann', ''], [400, null, ''], [20, 'bob', '']), 200)).toEqual({ 'null@': 200 })
  })

  it('is nobody when nothing is to be given up', () => {
    expect(lossesOf(itemsOf([1, 'ann', '']), 0)).toEqual({})
    expect(lossesOf([], 0)).toEqual({})
  })
})
