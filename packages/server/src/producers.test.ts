import type { ProducerSequence } from '@holdfast/protocol'
import { createVirtualClock } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { setUp } from '../test/support/set-up.ts'
import { createProducers } from './producers.ts'

describe('what is remembered of producers', () => {
  const create = (timeout = 1_000, max = 10) => {
    const clock = createVirtualClock()
    const producers = createProducers(clock, () => 'e', timeout, max)
    const take = (identity: string | null, place: ProducerSequence, address = ''): boolean =>
      producers.take({ identity, address }, place)
    const ttl = (identity: string | null, address = ''): number => producers.offer({ identity, address }).ttl
    return { clock, producers, take, ttl }
  }

  it('is the highest number of each, for each identity', () => {
    const { producers, take } = create()
    expect([1, 3, 2, 3, 4].map((n) => take(null, ['a', n]))).toEqual([true, true, false, false, true])
    expect(take(null, ['b', 1])).toBe(true)
    expect(take('', ['a', 1])).toBe(true)
    expect(take('u', ['a', 1])).toBe(true)
    expect(take('u', ['a', 1])).toBe(false)
    expect(producers.size).toBe(4)
  })

  it('lasts from its last use on, without a timer', async () => {
    const { clock, producers, take } = create()
    take(null, ['a', 1])
    await clock.advance(600)
    // Also what is not delivered is a use.
    take(null, ['a', 1])
    await clock.advance(999)
    expect(take(null, ['a', 1])).toBe(false)
    await clock.advance(1_000)
    take(null, ['b', 1])
    expect([producers.size, clock.pending]).toEqual([1, 0])
    expect(take(null, ['a', 1])).toBe(true)
    expect(producers.offer({ identity: null, address: '' })).toEqual({ epoch: 'e', ttl: 1_000 })
  })

  it('is bounded; what was used longest ago goes first, and no more is promised than there is', async () => {
    const { clock, producers, take, ttl } = create(1_000, 2)
    for (const producer of ['a', 'b']) {
      take(null, [producer, 1])
      await clock.advance(10)
    }
    take(null, ['a', 2])
    expect(ttl(null)).toBe(1_000)
    await clock.advance(10)
    take(null, ['c', 1])
    expect(producers.size).toBe(2)
    // `b` was used 20 ms ago.
    expect(ttl(null)).toBe(20)
    expect(take(null, ['a', 2])).toBe(false)
    await clock.advance(5_000)
    expect(ttl(null)).toBe(1_000)
  })

  it('is what an identity or an address with few of them had, when another one has made up thousands', async () => {
    const { clock, producers, take, ttl } = create(1_000_000, 10_000)
    take('victim', ['v', 1])
    take(null, ['w', 1], '203.0.113.1')
    await clock.advance(1_000)
    for (let n = 0; n < 30_000; n++) take('mallory', [`m${n}`, 1], '203.0.113.2')
    for (let n = 0; n < 30_000; n++) take(null, [`n${n}`, 1], '203.0.113.3')
    for (let n = 0; n < 30_000; n++) take(`sybil${n}`, ['s', 1], '203.0.113.4')
    expect(producers.size).toBeLessThanOrEqual(10_000)
    await clock.advance(1_000)
    expect(take('victim', ['v', 1], '203.0.113.9')).toBe(false)
    expect(take(null, ['w', 1], '203.0.113.9')).toBe(false)
    expect([ttl('victim', '203.0.113.9'), ttl(null, '203.0.113.1')]).toEqual([1_000_000, 1_000_000])
    // Whoever did that is told that less is remembered.
    expect([ttl('mallory', '203.0.113.9'), ttl(null, '203.0.113.3'), ttl('any', '203.0.113.4')]).toEqual([
      1_000, 1_000, 1_000,
    ])
    await clock.advance(1_000_000)
    take('mallory', ['m', 1], '203.0.113.2')
    expect([producers.size, ttl('mallory', '203.0.113.2')]).toEqual([1, 1_000_000])
  })

  it('is told truly to everybody when more have been greedy than can be told apart', async () => {
    const { clock, take, ttl } = create(1_000_000, 16)
    for (let id = 0; id < 2_000; id++) {
      for (let n = 0; n < 20; n++) take(`i${id}`, [`l${n}`, 1])
      await clock.advance(1)
    }
    const told = ttl('i0')
    expect(told).toBeLessThan(2_000)
    expect(told).toBeGreaterThan(0)
    expect(take('i0', ['l19', 1])).toBe(true)
  })
})

describe('a message in a producer', () => {
  it('is delivered once, by whatever session it comes, and acknowledged each time', async () => {
    const { hub, join } = setUp()
    const got: unknown[] = []
    hub.on('a', (data) => got.push(data))
    hub.onRaw((data) => got.push(data))
    const first = await join()
    await first.say([
      [1, 0, 'a', 1, { producer: ['l', 1] }],
      [2, 0, null, 'raw', { raw: true, producer: ['l', 2] }],
    ])
    const second = await join()
    second.take()
    await second.say([
      [1, 0, 'a', 1, { producer: ['l', 1] }],
      [2, 0, null, 'raw', { raw: true, producer: ['l', 2] }],
      [3, 0, 'a', 3, { producer: ['l', 5] }],
      [4, 0, 'a', 'too late', { producer: ['l', 4] }],
      [5, 0, 'a', 'in none'],
    ])
    expect(got).toEqual([1, 'raw', 3, 'in none'])
    expect(second.take()).toContainEqual(['a', 5])
    expect(hub.stats().producers).toBe(1)
  })

  it('is that of its identity', async () => {
    let identity = 'ann'
    const { hub, join } = setUp({ authenticate: () => ({ identity }) })
    const got: unknown[] = []
    hub.on('a', (data, peer) => got.push([peer.identity, data]))
    await (await join()).say([1, 0, 'a', 1, { producer: ['l', 1] }])
    identity = 'bob'
    await (await join()).say([1, 0, 'a', 1, { producer: ['l', 1] }])
    expect(got).toEqual([
      ['ann', 1],
      ['bob', 1],
    ])
  })

  it('must not be volatile', async () => {
    const { hub, join } = setUp()
    const got: unknown[] = []
    hub.on('a', (data) => got.push(data))
    const client = await join()
    await client.say([0, 0, 'a', 1, { producer: ['l', 1] }])
    expect(client.socket.closedWith?.code).toBe(4400)
    expect(got).toEqual([])
  })

  it('is remembered by the same process only, which says so', async () => {
    const system = setUp({ ports: { randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)) } })
    expect((await system.dial().greet()).producers).not.toEqual((await setUp().dial().greet()).producers)
    const { dial } = setUp({ producerTimeout: 5_000 })
    const [one, other] = [await dial().greet(), await dial().greet()]
    expect(one.producers).toEqual(other.producers)
    expect(one.producers!.ttl).toBe(5_000)
  })
})
