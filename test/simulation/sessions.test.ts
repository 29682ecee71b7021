// What both ends of a session promise each other, on the network of the test kit.
import { createHub } from '@holdfast/server'
import type { Peer } from '@holdfast/server'
import { createTestPair } from '@holdfast/testing'
import type { HubPair } from '@holdfast/testing'
import { createClient, session } from 'holdfast'
import type { AnyContract, Outcome } from 'holdfast'
import { describe, expect, it } from 'vitest'

type Pair = HubPair<AnyContract, AnyContract>

/** A hub that ends in good order, and the process that comes after it. */
async function replace(pair: Pair, drain: number): Promise<void> {
  await pair.until(pair.hub.close({ drain }))
  pair.stop()
  pair.start()
}

async function openPair(): Promise<Pair & { readonly peer: Peer }> {
  const pair = createTestPair({ createClient, createHub, wire: session(), conditions: { latency: 5 } })
  const joined = new Promise<Peer>((resolve) => pair.hub.onPeer(resolve))
  await pair.open()
  return Object.assign(pair, { peer: await joined })
}

describe('a session that ends', () => {
  it('takes its answers with it: they answer no request of the next session', async () => {
    await using pair = await openPair()
    const { peer } = pair
    pair.client.handle('ask', (input) => `the answer to ${String(input)}`)
    const second: Promise<unknown>[] = []
    pair.hub.onPeer((next) => second.push(next.request('ask', 'the second')))
    // The answer of the client is written, and does not arrive.
    pair.network.setFrameFate(({ data }) =>
      String(data).includes('the answer to the first') ? 'cut' : 'pass',
    )
    const first = peer.request('ask', 'the first').catch((error: unknown) => error)
    await pair.until(() => pair.client.state.status !== 'open')
    pair.network.setFrameFate(undefined)
    peer.close()
    expect(await pair.until(first)).toMatchObject({ code: 'unknown' })
    await pair.until(() => second.length > 0)
    expect(await pair.until(Promise.all(second))).toEqual(['the answer to the second'])
  })
})

describe('a hub that drains', () => {
  it('answers what is out, and gets what is sent meanwhile in the next session', async () => {
    await using pair = await openPair()
    const got: unknown[] = []
    const listen = (): void => void pair.hub.on('up', (data) => got.push(data))
    listen()
    let answer: ((data: string) => void) | undefined
    pair.hub.handle('ask', () => new Promise((resolve) => (answer = resolve)))
    const asked = pair.client.request('ask')
    await pair.until(() => answer !== undefined)
    const replaced = replace(pair, 5_000)
    await pair.clock.advance(20)
    const sent = pair.client.send('up', 'later')
    await pair.clock.advance(20)
    expect([pair.client.state.status, pair.client.stats().queuedMessages, got]).toEqual(['open', 1, []])
    answer!('done')
    expect(await pair.until(asked)).toBe('done')
    await replaced
    listen()
    expect(await pair.until(sent)).toEqual({ status: 'delivered' })
    expect(got).toEqual(['later'])
  })

  it.each([0, 5, 11, 200])('leaves nothing unknown, when it gives %i ms', async (drain) => {
    await using pair = await openPair()
    const { peer } = pair
    const got: unknown[] = []
    const listen = (): void => void pair.hub.on('up', (data) => got.push(data))
    listen()
    const large = 'x'.repeat(5_000)
    const sent = Array.from({ length: 5 }, (_, index) => {
      peer.send('down', large)
      return pair.client.send('up', [index, large])
    })
    const replaced = replace(pair, drain)
    for (let index = 5; index < 10; index++) sent.push(pair.client.send('up', [index]))
    await replaced
    listen()
    const outcomes: Outcome[] = await pair.until(Promise.all(sent))
    expect(outcomes).toEqual(sent.map(() => ({ status: 'delivered' })))
    expect(got.map((data) => (data as [number])[0])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })
})

describe('a conversation', () => {
  it('takes no more WebSocket messages than it must', async () => {
    await using pair = await openPair()
    const { peer } = pair
    pair.hub.handle('ask', (input) => input)
    const counts = { toServer: 0, toClient: 0 }
    pair.network.setFrameFate(({ direction }) => {
      counts[direction]++
      return 'pass'
    })
    for (let round = 0; round < 5; round++) {
      for (const end of [pair.client, peer]) for (let event = 0; event < 8; event++) end.send('event', event)
      const asked = pair.client.request('ask', round)
      await pair.clock.advance(25)
      expect(await pair.until(asked)).toBe(round)
    }
    // Each end writes once in a turn, and answers with an ack at most.
    expect(counts.toServer).toBeLessThanOrEqual(15)
    expect(counts.toClient).toBeLessThanOrEqual(15)
  })

  it('takes a round trip for each message that is awaited', async () => {
    await using pair = await openPair()
    const begun = pair.clock.now()
    const sendAll = async (): Promise<void> => {
      for (let event = 0; event < 50; event++) await pair.client.send('event', event)
    }
    await pair.until(sendAll())
    expect(pair.clock.now() - begun).toBeLessThanOrEqual(50 * 10)
  })
})
