import { createVirtualClock } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { createTombstones } from './tombstones.ts'

const stone = { key: 'k', why: 'expired', rx: 1, tx: 2, queued: 0 }
const nobody = { identity: null, address: '' }

describe('tombstones', () => {
  it('are kept for their time, without a timer', async () => {
    const clock = createVirtualClock()
    const tombstones = createTombstones(clock, 1_000, 10)
    tombstones.add('a', stone, nobody)
    await clock.advance(999)
    expect(tombstones.find('a')).toMatchObject(stone)
    await clock.advance(1)
    expect(tombstones.find('a')).toBeUndefined()
    expect([tombstones.size, clock.pending]).toEqual([0, 0])
  })

  it('are kept up to a number of them, the oldest going first', () => {
    const tombstones = createTombstones(createVirtualClock(), 1_000, 2)
    for (const id of ['a', 'b', 'c']) tombstones.add(id, stone, nobody)
    expect([tombstones.find('a'), tombstones.size]).toEqual([undefined, 2])
    tombstones.clear()
    expect(tombstones.find('c')).toBeUndefined()
  })

  it('are those of everybody else when one address leaves thousands', () => {
    const tombstones = createTombstones(createVirtualClock(), 1_000, 1_000)
    tombstones.add('other', stone, { ...nobody, address: '203.0.113.1' })
    tombstones.add('ann', stone, { ...nobody, identity: 'ann' })
    for (let n = 0; n < 5_000; n++) tombstones.add(`${n}`, stone, { ...nobody, address: '203.0.113.2' })
    for (let n = 0; n < 5_000; n++) tombstones.add(`m${n}`, stone, { ...nobody, identity: 'mallory' })
    expect(tombstones.size).toBeLessThanOrEqual(1_000)
    expect([tombstones.find('other'), tombstones.find('ann')]).toMatchObject([{ rx: 1 }, { rx: 1 }])
    expect(tombstones.find('m4999')).toBeDefined()
  })
})
