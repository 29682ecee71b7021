import { createHub } from '@holdfast/server'
import { createTestPair } from '@holdfast/testing'
import type { HubPair, HubPairOptions } from '@holdfast/testing'
import { createClient, session } from 'holdfast'
import type { AnyContract } from 'holdfast'
import { describe, expect, test } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import { outcomes, startPair, upTo } from './pair.ts'

expectNothingLeft()

type PairOptions = Partial<
  Pick<HubPairOptions<AnyContract, AnyContract, unknown>, 'conditions' | 'hubOptions' | 'token'>
>

/** A client and a hub on a virtual clock, connected. */
async function openPair(options: PairOptions): Promise<HubPair> {
  const pair = createTestPair({ createClient, createHub, wire: session(), ...options })
  await pair.open()
  return pair
}

describe('a client that sends faster than messageRate', () => {
  test('and waits until it has drained stays connected, and all of it arrives', async () => {
    await using pair = await startPair({ limits: { messageRate: 4_000, messageBurst: 1_000 } })
    const got: unknown[] = []
    pair.hub.on('n', (n) => got.push(n))
    const { client } = await pair.join()
    const refused: unknown[] = []
    pair.hub.watch('refused', (refusal) => refused.push(refusal))
    const startedAt = performance.now()
    for (let n = 0; n < 5_000; n++) {
      client.send('n', n)
      if (n % 500 === 499) await client.drained()
    }
    expect(await client.send('n', 5_000)).toEqual({ status: 'delivered' })
    // Never faster than the rate: a lower bound, which a busy machine cannot break.
    expect(performance.now() - startedAt).toBeGreaterThan(900)
    expect(got).toEqual(upTo(5_001))
    expect([refused, client.stats().opens]).toEqual([[], 1])
  })

  test('is not taken for dead by either end, however long its messages wait', async () => {
    await using pair = await openPair({
      conditions: { latency: 30 },
      hubOptions: {
        limits: { messageRate: 0.5, messageBurst: 1, window: [50, 100_000] },
        pingInterval: 10_000,
      },
    })
    const got: unknown[] = []
    pair.hub.on('n', (n) => got.push(n))
    const sent = upTo(100).map((n) => pair.client.send('n', n))
    await pair.until(Promise.all(sent), { within: 300_000 })
    expect(new Set(await outcomes(sent))).toEqual(new Set(['delivered']))
    expect(got).toEqual(upTo(100))
    expect([pair.client.stats().opens, pair.hub.stats().refused]).toEqual([1, 0])
  })

  test('renews its token in time, though its messages wait', async () => {
    let tokens = 0
    const asked: unknown[] = []
    await using pair = await openPair({
      token: () => `${tokens++}`,
      hubOptions: {
        limits: { messageRate: 1, messageBurst: 1 },
        authenticate({ token }) {
          asked.push(token)
          return { identity: 'ann', data: token, expiresIn: 100_000 }
        },
      },
    })
    for (let n = 0; n < 300; n++) pair.client.send('n', n)
    await pair.clock.advance(400_000)
    const [peer] = [...pair.hub.peers.values()]
    expect([pair.client.stats().opens, tokens > 4, peer!.data]).toEqual([1, true, `${tokens - 1}`])
    expect(asked).toEqual(upTo(tokens).map(String))
  })

  test('hears what the hub says meanwhile, and the hub hears at once that it has', async () => {
    await using pair = await openPair({ hubOptions: { limits: { messageRate: 1, messageBurst: 1 } } })
    const [peer] = [...pair.hub.peers.values()]
    pair.client.on('tick', () => pair.client.send('n'))
    for (let n = 0; n < 10; n++) {
      const before = pair.clock.now()
      expect(await pair.until(peer!.send('tick'))).toEqual({ status: 'delivered' })
      expect(pair.clock.now() - before).toBeLessThan(100)
    }
    expect(pair.hub.stats().receivedMessages).toBeLessThan(3)
  })

  test('loses nothing when its path breaks again and again, and gets no more than the rate by that', async () => {
    await using pair = await openPair({ hubOptions: { limits: { messageRate: 20, messageBurst: 10 } } })
    const got: unknown[] = []
    pair.hub.on('n', (n) => got.push(n))
    const sent = upTo(300).map((n) => pair.client.send('n', n))
    const startedAt = pair.clock.now()
    for (let cut = 0; cut < 5; cut++) {
      await pair.clock.advance(1_500)
      expect(got.length).toBeLessThanOrEqual(11 + (20 * (pair.clock.now() - startedAt)) / 1_000)
      pair.network.cut()
    }
    await pair.until(Promise.all(sent), { within: 60_000 })
    expect(new Set(await outcomes(sent))).toEqual(new Set(['delivered']))
    expect(got).toEqual(upTo(300))
  })

  test('and disconnects has what it sent before delivered', async () => {
    await using pair = await openPair({ hubOptions: { limits: { messageRate: 1, messageBurst: 1 } } })
    const sent = upTo(500).map((n) => pair.client.send('n', n))
    await pair.settle()
    await pair.until(pair.client.disconnect())
    expect(new Set(await outcomes(sent))).toEqual(new Set(['delivered']))
    expect(pair.hub.stats().receivedMessages).toBe(500)
  })
})

describe('a message that is awaited', () => {
  const latency = 30
  const roundTrip = 2 * latency

  test.each([1, 8, 100])(
    'is delivered after a round trip, again and again, with %i under way, in both directions',
    async (outstanding) => {
      await using pair = await openPair({
        conditions: { latency },
        hubOptions: { limits: { messageRate: Infinity } },
      })
      await pair.settle()
      const [peer] = [...pair.hub.peers.values()]
      for (const from of [pair.client, peer!]) {
        const startedAt = pair.clock.now()
        const worker = async (): Promise<void> => {
          for (let n = 0; n < 50; n++) expect(await from.send('n', n)).toEqual({ status: 'delivered' })
        }
        await pair.until(Promise.all(Array.from({ length: outstanding }, worker)))
        expect(pair.clock.now() - startedAt).toBeLessThanOrEqual(50 * roundTrip)
      }
      expect([pair.client.stats().opens, pair.hub.stats().refused]).toEqual([1, 0])
    },
  )

  test('costs a few messages of the socket, when 1,000 are under way', async () => {
    await using pair = await openPair({ conditions: { latency } })
    await pair.settle()
    let messages = 0
    pair.network.setFrameFate(() => {
      messages++
      return 'pass'
    })
    const sent = upTo(1_000).map((n) => pair.client.send('n', n))
    expect(new Set(await pair.until(Promise.all(sent)))).toEqual(new Set([{ status: 'delivered' }]))
    expect(messages).toBeLessThan(10)
  })
})
