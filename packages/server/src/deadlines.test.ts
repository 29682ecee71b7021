import type { Clock } from '@holdfast/protocol'
import { clockFaults, createVirtualClock } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { createDeadlines } from './deadlines.ts'

describe('deadlines', () => {
  it.each(Object.entries(clockFaults))(
    'are never early and a little late on a clock that is %s',
    async (_, faults) => {
      const clock = createVirtualClock(faults)
      const due: string[] = []
      const deadlines = createDeadlines<string>(clock, 1_000, (item) => due.push(item))
      deadlines.add('a')
      await clock.advance(500)
      deadlines.add('b')
      await clock.advance(480)
      expect(due).toEqual([])
      await clock.advance(250)
      expect(due).toEqual(['a'])
      await clock.advance(500)
      expect(due).toEqual(['a', 'b'])
      expect([clock.pending, deadlines.size]).toEqual([0, 0])
    },
  )

  it('have one timer for all, and none for nothing', () => {
    const clock = createVirtualClock()
    const deadlines = createDeadlines<number>(clock, 1_000, () => {})
    for (let n = 0; n < 100; n++) deadlines.add(n)
    expect(clock.pending).toBe(1)
    for (let n = 0; n < 100; n++) deadlines.delete(n)
    deadlines.delete(1)
    expect(clock.pending).toBe(0)
    deadlines.add(1)
    deadlines.clear()
    expect([clock.pending, deadlines.size]).toEqual([0, 0])
  })

  it('start anew for what is added again', async () => {
    const clock = createVirtualClock()
    const due: string[] = []
    const deadlines = createDeadlines<string>(clock, 1_000, (item) => due.push(item))
    deadlines.add('a')
    deadlines.add('b')
    await clock.advance(900)
    deadlines.add('a')
    await clock.advance(200)
    expect(due).toEqual(['b'])
    await clock.advance(900)
    expect(due).toEqual(['b', 'a'])
  })

  it('may be added and removed by what is due', async () => {
    const clock = createVirtualClock()
    const due: string[] = []
    const deadlines = createDeadlines<string>(clock, 1_000, (item) => {
      due.push(item)
      deadlines.delete('b')
      if (due.length < 3) deadlines.add('a')
    })
    deadlines.add('a')
    deadlines.add('b')
    await clock.advance(5_000)
    expect(due).toEqual(['a', 'a', 'a'])
    expect(clock.pending).toBe(0)
  })

  it('may be longer than a timer can wait', async () => {
    const clock = createVirtualClock()
    const due: string[] = []
    const deadlines = createDeadlines<string>(clock, 3_000_000_000, (item) => due.push(item))
    deadlines.add('a')
    await clock.advance(2_900_000_000)
    expect(due).toEqual([])
    await clock.advance(200_000_000)
    expect(due).toEqual(['a'])
  })

  it('that are many leave turns to other work, and are all dealt with before what follows from them', async () => {
    const clock = createVirtualClock()
    const order: string[] = []
    // Each thing takes a millisecond, and what follows from it another one.
    let taken = 0
    let turns = 0
    const slow: Clock = {
      ...clock,
      now: () => clock.now() + taken,
      setTimer(callback, delay) {
        if (delay === 0) turns++
        return clock.setTimer(callback, delay)
      },
    }
    const deadlines = createDeadlines<number>(slow, 1_000, (item, afterwards) => {
      taken++
      order.push(`due ${item}`)
      if (item === 0) deadlines.delete(29)
      afterwards(() => {
        taken++
        order.push(`follows ${item}`)
      })
    })
    for (let item = 0; item < 30; item++) deadlines.add(item)
    await clock.advance(1_020)
    expect(turns).toBe(5)
    const items = Array.from({ length: 29 }, (_, item) => item)
    expect(order).toEqual([...items.map((item) => `due ${item}`), ...items.map((item) => `follows ${item}`)])
    expect([clock.pending, deadlines.size]).toEqual([0, 0])
  })

  it('are dealt with although one of them throws, and what follows although they are given up', async () => {
    const clock = createVirtualClock()
    const order: string[] = []
    const deadlines = createDeadlines<string>(clock, 1_000, (item, afterwards) => {
      afterwards(() => order.push(item))
      if (item === 'a') throw new Error('oops')
      deadlines.clear()
    })
    deadlines.add('a')
    deadlines.add('b')
    await expect(clock.advance(1_100)).rejects.toThrow('oops')
    await clock.advance(0)
    expect([order, clock.pending]).toEqual([['a', 'b'], 0])
  })
})
