import { createVirtualClock } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { createProducers } from '../../packages/server/src/producers.ts'
import { createTombstones } from '../../packages/server/src/tombstones.ts'
import { setUp } from '../../packages/server/test/support/set-up.ts'
import { bound, growthOf } from './growth.ts'

const owners = {
  'one identity': () => ({ identity: 'mallory', address: '203.0.113.1' }),
  'as many identities of one address': (n: number) => ({ identity: `i${n}`, address: '203.0.113.1' }),
  'as many identities and addresses': (n: number) => ({ identity: `i${n}`, address: `a${n}` }),
}

describe('the cost of each of many does not grow with their number', () => {
  it.each(Object.entries(owners))(
    'for producers of %s, of which a part has to be forgotten',
    async (_, ownerOf) => {
      const growth = await growthOf(
        (size) => () => {
          const producers = createProducers(createVirtualClock(), () => 'e', 1_000_000, size / 2)
          for (let n = 0; n < size; n++) producers.take(ownerOf(n), [`producer${n}`, 1])
          expect(producers.size).toBe(size / 2)
        },
        1_000,
      )
      expect(growth).toBeLessThan(bound)
    },
  )

  it.each(Object.entries(owners))(
    'for tombstones of %s, of which a part has to be forgotten',
    async (_, ownerOf) => {
      const stone = { key: 'k', why: 'expired', rx: 1, tx: 2, queued: 0 } as const
      const growth = await growthOf(
        (size) => () => {
          const tombstones = createTombstones(createVirtualClock(), 1_000_000, size / 2)
          for (let n = 0; n < size; n++) tombstones.add(`id${n}`, stone, ownerOf(n))
          expect(tombstones.size).toBe(size / 2)
        },
        1_000,
      )
      expect(growth).toBeLessThan(bound)
    },
  )

  it('for producers that are used again and again', async () => {
    const growth = await growthOf(
      (size) => () => {
        const producers = createProducers(createVirtualClock(), () => 'e', 1_000_000, size)
        for (let round = 1; round <= 4; round++)
          for (let n = 0; n < size; n++)
            producers.take({ identity: `i${n}`, address: '' }, [`producer${n}`, round])
      },
      1_000,
    )
    expect(growth).toBeLessThan(bound)
  })

  it('for broadcasts to clients that are away, of whom some are given up for each', async () => {
    const growth = await growthOf(
      (size) => async () => {
        const { hub, join } = setUp({ limits: { maxBufferedTotalBytes: size * 1_000 } })
        for (let n = 0; n < 20; n++) (await join()).socket.end()
        for (let n = 0; n < size; n++) {
          hub.broadcast('tick', n)
          if (n % (size / 20) === 0) (await join()).socket.end()
        }
        expect(hub.stats().bufferedBytes).toBeLessThanOrEqual(size * 1_000)
      },
      100,
    )
    expect(growth).toBeLessThan(bound)
  })

  it('for sessions that expire together, each of which leads to a broadcast', async () => {
    let posts = 0
    const countOf = async (size: number): Promise<number> => {
      const { clock, hub, join, peers } = setUp({ sessionTimeout: 1_000 })
      for (let n = 0; n < size; n++) (await join()).socket.end()
      posts = 0
      for (const peer of peers) peer.onClose(() => hub.broadcast('left', 1, { except: () => ++posts < 0 }))
      await clock.advance(1_100)
      expect(hub.stats().sessions).toBe(0)
      return posts
    }
    expect([await countOf(50), await countOf(200)]).toEqual([0, 0])
  })
})
