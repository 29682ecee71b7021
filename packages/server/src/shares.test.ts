import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createShares } from './shares.ts'
import type { Owner, Share } from './shares.ts'

/** How many each loses, as `identity@address`, when so many are given up one after the other. */
function lossesOf(
  owners: readonly (readonly [count: number, identity: string | null, address: string])[],
  lost: number,
) {
  const shares = createShares<{ readonly owner: Owner; readonly index: number }>()
  const all: Share<unknown>[] = []
  for (const [count, identity, address] of owners)
    for (let n = 0; n < count; n++) {
      const owner = { identity, address }
      all.push(shares.add({ owner, index: all.length }, owner))
    }
  const losses: Record<string, number> = {}
  const indices = new Map<string, number>()
  for (let n = 0; n < lost; n++) {
    const { owner, index } = shares.greediest!.oldest
    const name = `${owner.identity}@${owner.address}`
    losses[name] = (losses[name] ?? 0) + 1
    expect(index).toBeGreaterThan(indices.get(name) ?? -1)
    indices.set(name, index)
    shares.delete(all[index] as never)
  }
  return losses
}

describe('who loses something when there is too much', () => {
  it('is the identity that has the most, down to what others have', () => {
    expect(
      lossesOf(
        [
          [5, 'ann', ''],
          [50, 'mallory', ''],
          [5, 'bob', ''],
        ],
        40,
      ),
    ).toEqual({ 'mallory@': 40 })
    const two = lossesOf(
      [
        [10, 'ann', ''],
        [30, 'eve', ''],
        [30, 'mallory', ''],
      ],
      30,
    )
    expect(two).toEqual({ 'eve@': 15, 'mallory@': 15 })
  })

  it('is the address behind which there are the most, if none of its identities has much', () => {
    const sybils = Array.from({ length: 900 }, (_, n) => [1, `sybil${n}`, '1'] as const)
    const losses = lossesOf([[30, 'ann', '2'], [60, null, '3'], ...sybils], 500)
    const others = Object.entries(losses).filter(([name]) => !name.endsWith('@1'))
    expect(others.length).toBe(0)
  })

  it('is the identity rather than its neighbours at the same address', () => {
    const neighbours = Array.from({ length: 50 }, (_, n) => [2, `n${n}`, '1'] as const)
    expect(lossesOf([...neighbours, [200, 'mallory', '1']], 100)).toEqual({ 'mallory@1': 100 })
  })

  it('is whoever was first when all have the same, and those of whom nothing is known count as one address', () => {
    const all = Array.from({ length: 10 }, (_, n) => [1, `n${n}`, ''] as const)
    expect(lossesOf(all, 3)).toEqual({ 'n0@': 1, 'n1@': 1, 'n2@': 1 })
    expect(
      lossesOf(
        [
          [20, 'ann', ''],
          [400, null, ''],
          [20, 'bob', ''],
        ],
        200,
      ),
    ).toEqual({ 'null@': 200 })
  })

  it('is found whatever is added and deleted in whatever order', () => {
    const owner = fc.record({
      identity: fc.constantFrom('a', 'b', 'c', null),
      address: fc.constantFrom('1', '2', ''),
    })
    const step = fc.oneof(fc.record({ owner }), fc.record({ index: fc.nat(50) }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const shares = createShares<Owner>()
        const all: { readonly owner: Owner; readonly share: Share<Owner> }[] = []
        for (const one of steps) {
          if ('owner' in one) all.push({ owner: one.owner, share: shares.add(one.owner, one.owner) })
          else for (const { share } of all.splice(one.index, 1)) shares.delete(share)
          const of = (count: (owner: Owner) => boolean): number =>
            all.filter((item) => count(item.owner)).length
          const identities = ['a', 'b', 'c'].map((name) => of(({ identity }) => identity === name))
          const addresses = ['1', '2'].map((name) => of(({ address }) => address === name))
          const unknown = of(({ identity, address }) => identity === null && address === '')
          const byIdentity = Math.max(...identities)
          const byAddress = Math.max(...addresses, unknown)
          const { greediest } = shares
          if (all.length === 0) expect(greediest).toBeUndefined()
          else
            expect(greediest).toMatchObject(
              byIdentity * 8 >= byAddress
                ? { kind: 'identity', count: byIdentity }
                : { kind: 'address', count: byAddress },
            )
        }
      }),
    )
  })
})
