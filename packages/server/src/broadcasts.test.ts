import type { Ok } from '@holdfast/protocol'
import { settleMicrotasks } from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resuming, setUp } from '../test/support/set-up.ts'
import type { FakeClient, SetUp } from '../test/support/set-up.ts'
import type { AnyContract } from '@holdfast/protocol'
import type { HubOptions } from './index.ts'

/** A client that keeps its session over connections, and the data of what it has received. */
class Receiver {
  readonly got: unknown[] = []
  readonly #scene: SetUp<AnyContract>
  readonly #ok: Ok
  readonly #window: readonly [number, number]
  #client: FakeClient
  #rx = 0
  #dials = 1

  static async join(scene: SetUp<AnyContract>, window: readonly [number, number]): Promise<Receiver> {
    const { ok, ...client } = await scene.join({ window, client: `c${scene.peers.length}` })
    return new Receiver(scene, ok, client, window)
  }

  private constructor(
    scene: SetUp<AnyContract>,
    ok: Ok,
    client: FakeClient,
    window: readonly [number, number],
  ) {
    this.#scene = scene
    this.#ok = ok
    this.#client = client
    this.#window = window
  }

  cut(): void {
    this.#take()
    this.#client.socket.end()
  }

  /** Resolves to the answer of the hub. */
  async resume(hi: object = {}): Promise<Ok> {
    this.#client = this.#scene.dial()
    const greeting = { ...resuming(this.#ok, this.#rx, ++this.#dials), window: this.#window, ...hi }
    const ok = await this.#client.greet(greeting)
    this.#take()
    return ok
  }

  /** Acknowledges what has come until nothing more comes. */
  async catchUp(): Promise<unknown[]> {
    let before: number
    do {
      before = this.#rx
      await settleMicrotasks()
      this.#take()
      await this.#client.say(['a', this.#rx])
      this.#take()
    } while (this.#rx > before)
    return this.got
  }

  #take(): void {
    for (const [seq, , , data] of this.#client.frames() as [number, number, string, unknown][]) {
      if (seq <= this.#rx) continue
      expect(seq).toBe(++this.#rx)
      this.got.push(data)
    }
  }
}

/** A hub with that many clients. */
async function setUpReceivers(
  count: number,
  options: HubOptions = {},
  window: readonly [number, number] = [4, 100_000],
) {
  const scene = setUp(options)
  const receivers: Receiver[] = []
  for (let n = 0; n < count; n++) receivers.push(await Receiver.join(scene, window))
  return { ...scene, receivers }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

describe('broadcasts to clients that are away', () => {
  it('are in memory once for all of them, and count for each', async () => {
    const { hub, receivers, peers } = await setUpReceivers(100)
    for (const receiver of receivers) receiver.cut()
    for (let n = 0; n < 10; n++) hub.broadcast('m', 'x'.repeat(1_000))
    const { bufferedBytes, bufferedMessages, sentMessages } = hub.stats()
    expect([bufferedMessages, sentMessages]).toEqual([1_000, 1_000])
    expect(bufferedBytes).toBeLessThan(12_000)
    for (const peer of peers.slice(1)) peer.close()
    expect(hub.stats()).toMatchObject({ bufferedMessages: 10, bufferedBytes })
    peers[0]!.close()
    expect(hub.stats()).toMatchObject({ bufferedMessages: 0, bufferedBytes: 0 })
  })

  it('come in the order of the session, as far as the window lets them, and before what is newer', async () => {
    const { hub, receivers, peers } = await setUpReceivers(2)
    const [receiver] = receivers
    receivers.forEach((each) => each.cut())
    hub.broadcast('m', 0)
    peers[0]!.send('m', 1)
    for (let n = 2; n < 20; n++) hub.broadcast('m', n)
    await receiver!.resume()
    expect(receiver!.got).toEqual([0, 1, 2, 3])
    hub.broadcast('m', 20)
    peers[0]!.send('m', 21)
    hub.broadcast('m', 22)
    expect(await receiver!.catchUp()).toEqual(upTo(23))
    await receivers[1]!.resume()
    expect(await receivers[1]!.catchUp()).toEqual(upTo(23).filter((n) => n !== 1 && n !== 21))
    expect(hub.stats()).toMatchObject({ bufferedMessages: 0, bufferedBytes: 0 })
  })

  it('take little memory while many clients catch up', async () => {
    const { hub, receivers } = await setUpReceivers(50)
    for (const receiver of receivers) receiver.cut()
    for (let n = 0; n < 1_000; n++) hub.broadcast('m', n)
    for (const receiver of receivers) await receiver.resume()
    expect(hub.stats().bufferedMessages).toBe(50_000)
    // Copies for all of them would take 8 MB.
    expect(hub.stats().bufferedBytes).toBeLessThan(300_000)
    for (const receiver of receivers) expect(await receiver.catchUp()).toEqual(upTo(1_000))
  })

  it('end the sessions for which too many wait, and the others keep all', async () => {
    const { hub, receivers, heard } = await setUpReceivers(2, { limits: { maxBufferedMessages: 5 } })
    receivers[0]!.cut()
    hub.broadcast('m', 0)
    await receivers[1]!.catchUp()
    receivers[1]!.cut()
    for (let n = 1; n < 6; n++) hub.broadcast('m', n)
    expect(heard.filter(([kind]) => kind === 'closed')).toEqual([
      ['closed', { why: 'overflow', undelivered: 5, unknown: 0 }],
    ])
    expect((await receivers[0]!.resume()).lost).toEqual({ why: 'overflow', rx: 0, missed: 5 })
    await receivers[1]!.resume()
    expect(await receivers[1]!.catchUp()).toEqual(upTo(6))
    expect(hub.stats()).toMatchObject({ bufferedMessages: 0, bufferedBytes: 0 })
  })

  it('end those that are away longest when they exceed the limit for all, which frees what only they had to get', async () => {
    const { hub, receivers, heard } = await setUpReceivers(3, { limits: { maxBufferedTotalBytes: 20_000 } })
    for (const receiver of receivers) {
      receiver.cut()
      for (let n = 0; n < 7; n++) hub.broadcast('m', 'x'.repeat(1_000))
      for (const other of receivers) if (other !== receiver) await other.catchUp().catch(() => {})
    }
    expect(heard.filter(([kind]) => kind === 'closed')).toHaveLength(1)
    expect((await receivers[0]!.resume()).lost?.why).toBe('overflow')
    await receivers[1]!.resume()
    expect((await receivers[1]!.catchUp()).length).toBe(21)
  })

  it('that are larger than a client accepts are left out', async () => {
    const { hub, receivers } = await setUpReceivers(1)
    receivers[0]!.cut()
    await receivers[0]!.resume({ maxPayload: 2_000 })
    receivers[0]!.cut()
    hub.broadcast('m', 'small')
    hub.broadcast('m', 'x'.repeat(2_000))
    hub.broadcast('m', 'small too')
    await receivers[0]!.resume()
    expect(await receivers[0]!.catchUp()).toEqual(['small', 'small too'])
  })

  it('and those that are not for them leave nothing behind, however many they are', async () => {
    const { hub, receivers, peers } = await setUpReceivers(2)
    for (const receiver of receivers) receiver.cut()
    hub.broadcast('m', 'first')
    for (let n = 0; n < 1_000; n++) hub.broadcast('m', n, { except: peers[0]! })
    hub.broadcast('m', 'last')
    await receivers[0]!.resume()
    expect(await receivers[0]!.catchUp()).toEqual(['first', 'last'])
    await receivers[1]!.resume()
    expect(await receivers[1]!.catchUp()).toEqual(['first', ...upTo(1_000), 'last'])
    expect(hub.stats()).toMatchObject({ bufferedMessages: 0, bufferedBytes: 0 })
  })

  it('that are keyed or expire are replaced and dropped in their place', async () => {
    const { hub, receivers, clock } = await setUpReceivers(1)
    receivers[0]!.cut()
    hub.broadcast('m', 'plain')
    hub.broadcast('m', 'old', { key: 'price' })
    hub.broadcast('m', 'late', { ttl: 100 })
    hub.broadcast('m', 'plain too')
    hub.broadcast('m', 'new', { key: 'price' })
    hub.broadcast('m', 'gone', { volatile: true })
    await clock.advance(200)
    await receivers[0]!.resume()
    expect(await receivers[0]!.catchUp()).toEqual(['plain', 'plain too', 'new'])
  })
})

type Step =
  | { readonly do: 'broadcast'; readonly except: readonly number[]; readonly isKeyed: boolean }
  | { readonly do: 'send' | 'cut' | 'resume' | 'catch up'; readonly client: number }

const client = fc.nat(2)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('broadcast' as const),
      except: fc.subarray([0, 1, 2]),
      isKeyed: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('send', 'cut', 'resume', 'catch up'), client }) },
)

describe('whatever is broadcast and sent, and whoever is away meanwhile', () => {
  it('every client receives what is for it, in order and once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { hub, receivers, peers, reported } = await setUpReceivers(3, {}, [2, 100_000])
        const isAway = [false, false, false]
        const expected: number[][] = [[], [], []]
        for (const [n, each] of steps.entries()) {
          if (each.do === 'broadcast') {
            // A key of its own replaces nothing.
            const how = each.isKeyed ? { key: `${n}` } : {}
            hub.broadcast('m', n, { ...how, except: each.except.map((index) => peers[index]!) })
            for (const index of [0, 1, 2]) if (!each.except.includes(index)) expected[index]!.push(n)
            continue
          }
          const index = each.client
          if (each.do === 'send') {
            peers[index]!.send('m', n)
            expected[index]!.push(n)
          } else if (each.do === 'resume') {
            await receivers[index]!.resume()
            isAway[index] = false
          } else if (isAway[index]) continue
          else if (each.do === 'catch up') await receivers[index]!.catchUp()
          else {
            receivers[index]!.cut()
            isAway[index] = true
          }
        }
        for (const receiver of receivers) {
          await receiver.resume()
          await receiver.catchUp()
        }
        expect(receivers.map(({ got }) => got)).toEqual(expected)
        expect(hub.stats()).toMatchObject({ bufferedMessages: 0, bufferedBytes: 0, sessions: 3 })
        expect(reported).toEqual([])
      }),
    )
  })
})
