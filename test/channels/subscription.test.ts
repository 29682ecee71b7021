// Real sockets: the hard cases of a subscription and its log.
import { setTimeout as sleep } from 'node:timers/promises'
import { createHub, HoldfastError, memory } from '@holdfast/server'
import { channel } from 'holdfast'
import type { Position } from 'holdfast'
import { describe, expect, test } from 'vitest'
import { TestBroker } from '../../packages/server/test/channels/test-broker.ts'
import { until, upTo } from '../session/pair.ts'
import type { Pair } from '../session/pair.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { enter, impatient, joined, open, publish, record, startRooms, whileAway } from './rooms.ts'

expectNothingLeft()

describe('a publication between the read of the history and the start of live delivery', () => {
  /**
   * A client that comes back while the broker holds a step of its subscription, and what it brings. `act` gets a function that
   * publishes from another hub, which does not wait for that step.
   */
  const between = async (
    step: 'subscribe' | 'read',
    act: (
      broker: TestBroker,
      publishElsewhere: (...numbers: number[]) => Promise<void>,
      brought: readonly unknown[],
    ) => Promise<void>,
  ): Promise<unknown[]> => {
    const broker = new TestBroker()
    await using elsewhere = createHub({ broker })
    elsewhere.channels('room', open)
    await using pair = await startRooms({}, { broker })
    const { got, client } = await enter(pair)
    const calls = (): number => broker.calls.filter(([name]) => name === step).length
    let before = 0
    await whileAway(pair, client, async () => {
      await until(() => pair.hub.stats().channels === 0)
      await publish(pair, 2)
      before = calls()
      broker.hold(step)
    })
    await until(() => calls() > before)
    const publishElsewhere = async (...numbers: number[]): Promise<void> => {
      for (const n of numbers) await elsewhere.channel('room:1').publish('n', n)
    }
    await act(broker, publishElsewhere, got)
    await until(() => got.length > 0)
    await publish(pair, 5)
    await until(() => got.includes(5))
    return got
  }

  test('arrives once, in order, if it is brought before what was read', async () => {
    const got = await between('read', async (broker, publishElsewhere) => {
      await publishElsewhere(3, 4)
      broker.release('read')
    })
    expect(got).toEqual([2, 3, 4, 'recovered 3', 5])
  })

  test('arrives once, in order, if it is brought after what was read', async () => {
    const got = await between('read', async (broker, publishElsewhere, brought) => {
      broker.isHolding = true
      await publishElsewhere(3, 4)
      broker.release('read')
      await until(() => brought.length > 0)
      broker.isHolding = false
      broker.deliver()
    })
    expect(got).toEqual([2, 'recovered 1', 3, 4, 5])
  })

  test('arrives once, in order, if it was read and is brought again', async () => {
    const got = await between('subscribe', async (broker, publishElsewhere) => {
      broker.isHolding = true
      await publishElsewhere(3, 4)
      broker.release('subscribe')
      broker.isHolding = false
      broker.deliver()
    })
    expect(got).toEqual([2, 3, 4, 'recovered 3', 5])
  })
})

describe('a leave', () => {
  test('that crosses a publication ends the subscription, and the connection stays', async () => {
    await using pair = await startRooms()
    const { room, got, client } = await enter(pair)
    const downs: unknown[] = []
    client.watch('down', (cause) => downs.push(cause))
    const published = publish(pair, 2, 3)
    room.leave()
    await published
    await until(() => pair.hub.stats().subscriptions === 0)
    const again = channel(client, 'room:1')
    const after = record(again)
    await joined(again)
    await publish(pair, 4)
    await until(() => after.length === 1)
    expect([got, after, downs]).toEqual([[], [4], []])
  })

  test('between two joins of one turn leaves one subscription, which has everything once', async () => {
    const asked: string[] = []
    await using pair = await startRooms({
      subscribe(_peer, id) {
        asked.push(id)
        return true
      },
    })
    const { client } = await pair.join(impatient)
    const first = channel(client, 'room:1')
    const never = record(first)
    first.leave()
    const second = channel(client, 'room:1')
    const got = record(second)
    await joined(second)
    await publish(pair, 1, 2)
    await until(() => got.length === 2)
    expect([never, got, asked]).toEqual([[], [1, 2], ['1']])

    // And of a channel that the client has already.
    second.leave()
    const third = channel(client, 'room:1', { since: second.position })
    third.leave()
    const fourth = channel(client, 'room:1', { since: second.position })
    const later = record(fourth)
    await publish(pair, 3)
    await until(() => later.includes(3))
    await publish(pair, 4)
    await until(() => later.includes(4))
    expect(later.filter((item) => typeof item === 'number')).toEqual([3, 4])
    expect(pair.hub.stats().subscriptions).toBe(1)
  })
})

/** Resolves when the channel has no members. */
async function nobodyIn({ hub }: Pair): Promise<void> {
  while ((await hub.channel('room:1').presence()).length > 0) await sleep(5)
}

describe('a permission that is revoked', () => {
  /** A room from which members can be banned. */
  const startBans = async (): Promise<{ pair: Pair; banned: Set<string> }> => {
    const banned = new Set<string>()
    const pair = await startRooms({
      subscribe({ id }) {
        if (banned.has(id)) throw new HoldfastError('remote', 'banned', { reason: 'banned' })
        return true
      },
      presence: true,
    })
    return { pair, banned }
  }

  test('ends the subscription of a connected client, which does not get back in', async () => {
    const { pair, banned } = await startBans()
    await using _ = pair
    const { room, got, client } = await enter(pair)
    const [peer] = [...pair.hub.peers.values()]
    banned.add(peer!.id)
    pair.hub.channel('room:1').kick(peer!)
    await publish(pair, 2)
    await until(() => room.state.status === 'refused')
    expect(room.state.reason).toBe('kicked')
    room.leave()
    const again = channel(client, 'room:1')
    await until(() => again.state.status === 'refused')
    expect([again.state.reason, got]).toEqual(['banned', []])
    await nobodyIn(pair)
  })

  test('refuses a client that was away when it comes back, and it is no member meanwhile', async () => {
    const { pair, banned } = await startBans()
    await using _ = pair
    const { room, got, client } = await enter(pair)
    const [peer] = [...pair.hub.peers.values()]
    await whileAway(pair, client, async () => {
      await until(() => !peer!.isConnected)
      expect(await pair.hub.channel('room:1').presence()).toHaveLength(1)
      banned.add(peer!.id)
      pair.hub.channel('room:1').kick(peer!)
      await publish(pair, 2)
      await nobodyIn(pair)
    })
    await until(() => room.state.status === 'refused')
    expect([room.state.reason, got]).toEqual(['banned', []])
  })
})

describe('a live subscriber', () => {
  test('is notified of a gap before anything newer when the log begins another epoch', async () => {
    const broker = new TestBroker()
    await using pair = await startRooms({}, { broker })
    const { room, got } = await enter(pair)
    const epoch = room.position!.epoch
    await publish(pair, 2)
    broker.wipe()
    await publish(pair, 3, 4)
    await until(() => got.includes(4))
    expect(got.slice(0, 2)).toEqual([2, 'gap undefined'])
    expect(got.at(-1)).toBe(4)
    expect(room.position!.epoch).not.toBe(epoch)
  })

  test('is notified of the gap at once when the broker reports that it has lost its data', async () => {
    const broker = new TestBroker()
    await using pair = await startRooms({}, { broker })
    const { got } = await enter(pair)
    broker.wipe()
    broker.reset()
    await until(() => got.length === 1)
    await publish(pair, 2)
    await until(() => got.length === 2)
    expect(got).toEqual(['gap undefined', 2])
  })
})

describe('a history', () => {
  test.each([
    ['still has the position', 2, [2, 3, 'recovered 2']],
    ['begins directly after the position', 3, [2, 3, 4, 'recovered 3']],
    ['has lost one publication after the position', 4, ['gap 4']],
    ['has lost several publications after the position', 9, ['gap 9']],
  ])('that %s heals the client or notifies it of a gap', async (_, count, expected) => {
    await using pair = await startRooms({ history: { maxMessages: 3 } })
    const { got, client } = await enter(pair)
    await whileAway(pair, client, () => publish(pair, ...upTo(count).map((n) => n + 2)))
    await until(() => got.length === expected.length)
    await publish(pair, 99)
    await until(() => got.at(-1) === 99)
    expect(got).toEqual([...expected, 99])
  })

  test('that has expired meanwhile is reported as a gap', async () => {
    let now = Date.now()
    const clockwise = { history: { maxMessages: 10, maxAge: 60_000 } }
    await using pair = await startRooms(clockwise, { broker: memory({ now: () => now }) })
    const { got, client } = await enter(pair)
    await whileAway(pair, client, async () => {
      await publish(pair, 2, 3)
      now += 120_000
      await publish(pair, 4)
    })
    await until(() => got.length === 1)
    expect(got).toEqual(['gap 3'])
  })
})

describe('a position', () => {
  const since = async (change: (position: Position, pair: Pair) => Position | Promise<Position>) => {
    await using pair = await startRooms()
    const { room } = await enter(pair)
    const position = await change(room.position!, pair)
    const client = pair.client(impatient)
    const got = record(channel(client, 'room:1', { since: position }))
    await client.connect()
    await until(() => got.length === 1)
    await publish(pair, 2)
    await until(() => got.length === 2)
    return got
  }

  test('of the future is a gap', async () => {
    expect(await since((position) => ({ ...position, offset: 7 }))).toEqual(['gap undefined', 2])
  })

  test('of another channel is a gap', async () => {
    const other = ({ hub }: Pair): Promise<Position> => hub.channel('room:2').publish('n', 1)
    expect(await since((_, pair) => other(pair))).toEqual(['gap undefined', 2])
  })

  test('of another publication with the same offset is a gap', async () => {
    expect(await since((position) => ({ ...position, id: 'other' }))).toEqual(['gap undefined', 2])
  })

  test('of another epoch is a gap', async () => {
    expect(await since((position) => ({ ...position, epoch: 'other' }))).toEqual(['gap undefined', 2])
  })

  test('before the first publication gets everything', async () => {
    await using pair = await startRooms()
    await enter(pair)
    await publish(pair, 2)
    const { epoch } = (await pair.hub.channel('room:1').history()) as { epoch: string }
    const client = pair.client(impatient)
    const got = record(channel(client, 'room:1', { since: { epoch, offset: 0, id: '' } }))
    await client.connect()
    await until(() => got.length === 3)
    expect(got).toEqual([1, 2, 'recovered 2'])
  })
})

describe('a publication whose outcome is unknown', () => {
  test('is repeated with its id, and applied once', async () => {
    const asked = Promise.withResolvers<void>()
    const rule = Promise.withResolvers<boolean>()
    let isFirst = true
    await using pair = await startRooms(
      {
        publish() {
          if (!isFirst) return true
          isFirst = false
          asked.resolve()
          return rule.promise
        },
      },
      { sessionTimeout: 1 },
    )
    const { client } = await pair.join(impatient)
    const room = channel(client, 'room:1')
    await joined(room)
    const outcome = room.publish('n', 1, { id: 'mine' }).catch((error: unknown) => error)
    await asked.promise
    await whileAway(pair, client, async () => {
      await until(() => pair.hub.peers.size === 0)
      rule.resolve(true)
      while ((await pair.hub.channel('room:1').history()).publications.length === 0) await sleep(5)
    })
    expect(await outcome).toMatchObject({ code: 'unknown' })
    await publish(pair, 2)
    const position = await room.publish('n', 1, { id: 'mine' })
    expect(position).toMatchObject({ offset: 1, id: 'mine' })
    const { publications } = await room.history()
    expect(publications.map(({ data }) => data)).toEqual([1, 2])
  })
})

describe('a client that is too slow', () => {
  test('is skipped, keeps its session, and is healed from the history when it reads again', async () => {
    const large = 'x'.repeat(50_000)
    await using pair = await startRooms(
      { history: { maxMessages: 1_000, maxBytes: 1e9 } },
      { limits: { maxUnsentPublicationBytes: 1_000_000 } },
    )
    const { room, client } = await enter(pair)
    const got: unknown[] = []
    room.on('large', (_data, { offset }) => got.push(offset))
    room.watch('gap', () => got.push('gap'))
    const other = pair.client({ url: pair.direct })
    const fast = channel(other, 'room:1')
    let count = 0
    fast.on('large', () => count++)
    await other.connect()
    await joined(fast)
    const [peer] = [...pair.hub.peers.values()]
    pair.proxy.freeze()
    for (let n = 0; n < 400; n++) await pair.hub.channel('room:1').publish('large', large)
    await until(() => count === 400)
    pair.proxy.heal()
    await until(() => got.length === 400)
    expect(got).toEqual(upTo(400).map((n) => n + 2))
    expect([client.state.status, pair.hub.peers.has(peer!.id)]).toEqual(['open', true])
  })

  test('is notified of a gap first if the history no longer has what was skipped', async () => {
    const large = 'x'.repeat(50_000)
    await using pair = await startRooms(
      { history: { maxMessages: 10, maxBytes: 1e9 } },
      { limits: { maxUnsentPublicationBytes: 1_000_000 } },
    )
    const { room } = await enter(pair)
    const got: unknown[] = []
    room.on('large', (_data, { offset }) => got.push(offset))
    room.watch('gap', ({ missed }) => got.push(missed! > 0 ? 'gap' : 'nothing'))
    pair.proxy.freeze()
    for (let n = 0; n < 400; n++) await pair.hub.channel('room:1').publish('large', large)
    pair.proxy.heal()
    await until(() => got.includes('gap'))
    await pair.hub.channel('room:1').publish('large', large)
    await until(() => got.at(-1) === 402)
    const gap = got.indexOf('gap')
    expect(got.slice(0, gap)).toEqual(upTo(gap).map((n) => n + 2))
    expect(got.lastIndexOf('gap')).toBe(gap)
  })
})

test('a kind whose history is rewound begins with its last publications, also after a restart of the client', async () => {
  await using pair = await startRooms({ ...open, history: { maxMessages: 10, rewind: 3 } })
  await publish(pair, 1, 2, 3, 4)
  for (let visit = 0; visit < 2; visit++) {
    const client = pair.client(impatient)
    const got = record(channel(client, 'room:1'))
    await client.connect()
    await until(() => got.length === 3)
    expect(got).toEqual([2, 3, 4])
    await client.dispose()
  }
})
