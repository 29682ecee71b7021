import { describe, expect, test } from 'vitest'
import { clockFaults, createVirtualClock } from './clock.ts'
import { createLane } from './lane.ts'
import type { LaneConditions } from './lane.ts'

function setUp(conditions: LaneConditions = {}, fault: keyof typeof clockFaults = 'exact') {
  const clock = createVirtualClock(clockFaults[fault])
  const start = clock.now()
  const lane = createLane(clock, conditions)
  const arrived: (readonly [name: string, after: number])[] = []
  return {
    clock,
    lane,
    arrived,
    names: () => arrived.map(([name]) => name),
    transmit: (name: string, bytes = 0) =>
      lane.transmit(bytes, () => arrived.push([name, Math.round(clock.now() - start)])),
  }
}

test('a message takes 5 ms, unless the conditions say otherwise', async () => {
  for (const [latency, after] of [
    [undefined, 5],
    [20, 20],
    [() => 7, 7],
  ] as const) {
    const { clock, arrived, transmit } = setUp(latency === undefined ? {} : { latency })
    transmit('a')
    await clock.advance(after - 1)
    expect(arrived).toEqual([])
    await clock.advance(1)
    expect(arrived).toEqual([['a', after]])
  }
})

test('a later message does not overtake an earlier one, even with a lower latency', async () => {
  const latencies = [50, 10, 30, 60]
  const { clock, arrived, transmit } = setUp({ latency: () => latencies.shift()! })
  for (const name of 'abcd') transmit(name)
  await clock.advance(100)
  expect(arrived).toEqual([
    ['a', 50],
    ['b', 50],
    ['c', 50],
    ['d', 60],
  ])
})

test.each(Object.keys(clockFaults) as (keyof typeof clockFaults)[])(
  'order is kept on a clock that is %s',
  async (fault) => {
    let drawn = 0
    const { clock, names, transmit } = setUp({ latency: () => (drawn++ * 13) % 40 }, fault)
    const sent: string[] = []
    for (let index = 0; index < 100; index++) {
      sent.push(String(index))
      transmit(String(index), index % 7)
      await clock.advance((index * 5) % 11)
    }
    await clock.advance(1_000)
    expect(names()).toEqual(sent)
  },
)

test('a path carries the given bytes per second, and the waiting bytes are visible', async () => {
  const { clock, lane, arrived, transmit } = setUp({ latency: 10, bytesPerSecond: 1_000 })
  transmit('a', 100)
  transmit('b', 200)
  expect(lane.backlog()).toBe(300)
  await clock.advance(50)
  expect(lane.backlog()).toBe(250)
  await clock.advance(250)
  expect(lane.backlog()).toBe(0)
  await clock.advance(1_000)
  transmit('c', 50)
  await clock.advance(100)
  expect(arrived).toEqual([
    ['a', 110],
    ['b', 310],
    ['c', 1_360],
  ])
})

test('without a limit no bytes wait', () => {
  const { lane, transmit } = setUp()
  transmit('a', 1e9)
  expect(lane.backlog()).toBe(0)
})

describe('a held-back path', () => {
  test('a released path delivers everything in order, including what was sent meanwhile', async () => {
    const { clock, lane, arrived, names, transmit } = setUp({ latency: 10 })
    transmit('under way')
    await clock.advance(5)
    lane.hold()
    transmit('meanwhile')
    await clock.advance(1_000)
    expect(arrived).toEqual([])
    transmit('just now')
    lane.release()
    transmit('after')
    await clock.advance(10)
    expect(names()).toEqual(['under way', 'meanwhile', 'just now', 'after'])
  })

  test('a released path can be held back again before anything has arrived', async () => {
    const { clock, lane, names, transmit } = setUp({ latency: 10 })
    lane.hold()
    transmit('a')
    await clock.advance(20)
    lane.release()
    lane.hold()
    await clock.advance(20)
    expect(names()).toEqual([])
    lane.release()
    await clock.advance(0)
    expect(names()).toEqual(['a'])
  })

  test('a held-back path has no messages in transit', async () => {
    const { clock, lane, transmit } = setUp()
    transmit('a')
    transmit('b')
    expect(lane.inFlight).toBe(2)
    lane.hold()
    expect(lane.inFlight).toBe(0)
    await clock.advance(10)
    lane.release()
    expect(lane.inFlight).toBe(2)
    await clock.advance(0)
    expect(lane.inFlight).toBe(0)
  })
})

describe('a stopped path', () => {
  test('a stopped path loses the messages in transit, and carries later ones', async () => {
    const { clock, lane, arrived, transmit } = setUp({ latency: 10 })
    transmit('lost')
    await clock.advance(5)
    lane.stop()
    expect(lane.inFlight).toBe(0)
    await clock.advance(1)
    transmit('last word')
    await clock.advance(100)
    expect(arrived).toEqual([['last word', 16]])
  })

  test('a stopped path loses the held-back messages, too', async () => {
    const { clock, lane, names, transmit } = setUp()
    lane.hold()
    transmit('lost')
    await clock.advance(10)
    lane.stop()
    lane.release()
    transmit('next')
    await clock.advance(10)
    expect(names()).toEqual(['next'])
  })
})
