import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { channelClient, wire } from '../../test/channels/channel-client.ts'
import type { ChannelClient } from '../../test/channels/channel-client.ts'
import { TestBroker } from '../../test/channels/test-broker.ts'
import { setUp } from '../../test/support/set-up.ts'
import type { SetUp } from '../../test/support/set-up.ts'
import type { AnyContract } from '@holdfast/protocol'
import type { Position } from '../index.ts'

interface Troubled extends SetUp<AnyContract> {
  readonly broker: TestBroker
  publish(data: unknown): Promise<Position>
}

function troubled(history = 10): Troubled {
  const broker = new TestBroker()
  const hubs = setUp({ broker })
  hubs.hub.channels('room', { subscribe: () => true, publish: () => true, history: { maxMessages: history } })
  let id = 0
  return {
    ...hubs,
    broker,
    publish: (data) => hubs.hub.channel('room').publish('n', data, { id: `${++id}` }),
  }
}

async function entered(hubs: Troubled): Promise<ChannelClient> {
  const client = await channelClient(hubs)
  await client.enter(['room', null])
  return client
}

/** The subscriptions, reads and so on of the broker, by how often they were called. */
function calls({ broker }: Troubled, method: string): number {
  return broker.calls.filter(([name]) => name === method).length
}

function dataOf(frames: readonly unknown[]): unknown[] {
  return frames.map((frame) => (frame as unknown[])[3])
}

describe('a publication between the read of the log and the start of live delivery', () => {
  it('arrives once if it came after the read, and is brought before the answer', async () => {
    const hubs = troubled()
    const first = await hubs.publish(1)
    hubs.broker.hold('read')
    const client = await channelClient(hubs)
    await client.enter(['room', wire(first)])
    // Another hub publishes: this one would wait for its own subscribers.
    const other = hubs.broker.open({ published() {}, memberChanged() {}, reset() {} })
    await other.append('room', { id: 'x', text: ',"n",2,{' }, { maxMessages: 10, maxBytes: 1e6, maxAge: 1e9 })
    hubs.broker.release('read')
    const [answer, ...frames] = await client.received()
    expect([answer, dataOf(frames)]).toMatchObject([{ joined: 'room', missed: 1 }, [2]])
    await hubs.publish(3)
    expect(await client.publications()).toEqual([3])
  })

  it('arrives once if it was read, and is brought afterwards', async () => {
    const hubs = troubled()
    const first = await hubs.publish(1)
    hubs.broker.isHolding = true
    await hubs.publish(2)
    const client = await channelClient(hubs)
    const other = await channelClient(hubs, { client: 'c2' })
    hubs.broker.hold('read')
    await other.enter(['room', null])
    hubs.broker.release('read')
    await client.enter(['room', wire(first)])
    hubs.broker.isHolding = false
    await hubs.publish(3)
    hubs.broker.deliver()
    expect(await client.publications()).toEqual([3])
  })

  it('arrives once if there are more than are kept', async () => {
    const hubs = troubled(1_000)
    const client = await entered(hubs)
    hubs.broker.hold('read')
    hubs.broker.reset()
    const sent = Array.from({ length: 300 }, (_, index) => index)
    for (const n of sent) await hubs.publish(n)
    expect(await client.publications()).toEqual([])
    hubs.broker.release('read')
    expect(await client.publications()).toEqual(sent)
  })
})

describe('a publication that the broker does not bring', () => {
  it('is read when the next one arrives', async () => {
    const hubs = troubled()
    const client = await entered(hubs)
    await hubs.publish(1)
    hubs.broker.isDeaf = true
    await hubs.publish(2)
    await hubs.publish(3)
    hubs.broker.isDeaf = false
    await hubs.publish(4)
    expect(await client.publications()).toEqual([1, 2, 3, 4])
  })

  it('is read when the broker has renewed its connection', async () => {
    const hubs = troubled()
    const client = await entered(hubs)
    hubs.broker.isDeaf = true
    await hubs.publish(1)
    await settleMicrotasks()
    expect(await client.publications()).toEqual([])
    hubs.broker.reset()
    expect(await client.publications()).toEqual([1])
  })

  it('is read again if the connection is renewed while it is read', async () => {
    const hubs = troubled()
    const client = await entered(hubs)
    hubs.broker.isDeaf = true
    hubs.broker.hold('read')
    hubs.broker.reset()
    await hubs.publish(1)
    hubs.broker.reset()
    hubs.broker.release('read')
    expect(await client.publications()).toEqual([1])
  })

  it('is told as a gap if the log has lost it, and what the log has is not sent', async () => {
    const hubs = troubled(2)
    const client = await entered(hubs)
    hubs.broker.isDeaf = true
    for (const n of [1, 2]) await hubs.publish(n)
    const last = await hubs.publish(3)
    hubs.broker.reset()
    expect(await client.received()).toEqual([{ gap: 'room', at: wire(last), missed: null }])
    hubs.broker.isDeaf = false
    await hubs.publish(4)
    expect(await client.publications()).toEqual([4])
  })

  it('comes late, after one of another channel', async () => {
    const hubs = troubled()
    const client = await channelClient(hubs)
    await client.enter(['room', null], ['room:1', null])
    hubs.broker.isHolding = true
    await hubs.publish('here')
    await hubs.hub.channel('room:1').publish('n', 'there')
    hubs.broker.deliver(true)
    expect(await client.publications()).toEqual(['there', 'here'])
  })

  it('comes twice, and out of order', async () => {
    const hubs = troubled()
    const client = await entered(hubs)
    hubs.broker.isHolding = true
    for (const n of [1, 2, 3]) await hubs.publish(n)
    hubs.broker.deliver(true)
    expect(await client.publications()).toEqual([1, 2, 3])
  })
})

describe('a broker that has lost data', () => {
  it('begins another epoch, of which live subscribers hear before anything newer', async () => {
    const hubs = troubled()
    const client = await entered(hubs)
    await hubs.publish(1)
    hubs.broker.wipe()
    const position = await hubs.publish(2)
    expect(position).toEqual({ epoch: 'e2', offset: 1, id: '2' })
    await hubs.publish(3)
    const [first, gap, ...rest] = (await client.received()) as [unknown, { at: unknown[] }, ...unknown[]]
    expect([dataOf([first]), gap]).toMatchObject([[1], { gap: 'room', missed: null }])
    expect(gap.at[0]).toBe('e2')
    expect(dataOf(rest)).toEqual([2, 3].slice(gap.at[1] as number))
  })

  it('uses offsets again, and subscribers hear of a gap', async () => {
    const hubs = troubled()
    const client = await entered(hubs)
    const lost = [await hubs.publish(1), await hubs.publish(2), await hubs.publish(3)]
    hubs.broker.rollBack('room', 2)
    await hubs.publish('other 2')
    const later = await channelClient(hubs, { client: 'c2' })
    expect(await later.enter(['room', wire(lost[2]!)])).toMatchObject([{ joined: 'room', gap: null }])
    const received = await client.received()
    expect([dataOf(received.slice(0, 3)), received.slice(3)]).toMatchObject([
      [1, 2, 3],
      [{ gap: 'room', missed: null }],
    ])
    await hubs.publish('other 3')
    expect([await client.publications(), await later.publications()]).toEqual([['other 3'], ['other 3']])
  })
})

describe('a broker that fails', () => {
  it.each(['subscribe', 'read'] as const)('in %s makes clients ask later', async (method) => {
    const hubs = troubled()
    hubs.broker.failing.add(method)
    const client = await channelClient(hubs)
    expect(await client.enter(['room', null], ['room:1', null])).toEqual([
      { refused: 'room', n: 1, why: 'unavailable', after: [1_000, 10_000] },
      { refused: 'room:1', n: 1, why: 'unavailable', after: [1_000, 10_000] },
    ])
    expect(hubs.reported).toEqual([new Error(`no ${method}`)])
    expect(hubs.hub.stats()).toMatchObject({ channels: 0, subscriptions: 0 })
    hubs.broker.failing.clear()
    expect(await client.enter(['room', null])).toMatchObject([{ joined: 'room' }])
    expect(client.socket.closedWith).toBeUndefined()
  })

  it('leaves subscribers where they are, and heals them when it is back', async () => {
    const hubs = troubled()
    const client = await entered(hubs)
    const other = await channelClient(hubs, { client: 'c2' })
    hubs.broker.failing.add('read').add('subscribe')
    hubs.broker.isDeaf = true
    hubs.broker.reset()
    await hubs.publish(1)
    await hubs.clock.advance(3_000)
    expect(await other.enter(['room', null])).toMatchObject([{ refused: 'room', why: 'unavailable' }])
    hubs.broker.isDeaf = false
    hubs.broker.failing.clear()
    await hubs.publish(2)
    await hubs.clock.advance(10_000)
    expect(await client.publications()).toEqual([1, 2])
    await hubs.publish(3)
    expect(await client.publications()).toEqual([3])
  })

  it('leaves sessions that the application has joined, which get what is published when it is back', async () => {
    const hubs = troubled()
    const client = await channelClient(hubs)
    hubs.broker.failing.add('subscribe')
    hubs.peers[0]!.join('room')
    await hubs.clock.advance(3_000)
    hubs.broker.failing.clear()
    await hubs.clock.advance(10_000)
    await hubs.publish(1)
    expect(await client.received()).toEqual([[0, 0, 'n', 1]])
  })

  it('by not answering makes clients ask later', async () => {
    const hubs = troubled()
    const client = await channelClient(hubs)
    hubs.broker.hold('read')
    expect(await client.enter(['room', null])).toEqual([])
    await hubs.clock.advance(5_100)
    expect(await client.received()).toMatchObject([{ refused: 'room', n: 1, why: 'unavailable' }])
    hubs.broker.release('read')
    expect(await client.received()).toEqual([])
    expect(await client.enter(['room', null])).toMatchObject([{ joined: 'room', n: 2 }])
  })

  it('refuses publications, which clients may repeat', async () => {
    const hubs = troubled()
    const client = await channelClient(hubs)
    hubs.broker.failing.add('append')
    expect(await client.ask('n', 1, { channel: 'room', pub: 'a' })).toEqual({ error: 'unavailable' })
    await expect(hubs.publish(1)).rejects.toThrow('no append')
    hubs.broker.failing.clear()
    hubs.broker.hold('append')
    expect(await client.ask('n', 1, { channel: 'room', pub: 'a' })).toBeUndefined()
    await hubs.clock.advance(5_100)
    expect(await client.received()).toMatchObject([[2, 2, null, null, { re: 2, error: 'timeout' }]])
    hubs.broker.release('append')
    expect(await client.ask('n', 1, { channel: 'room', pub: 'a' })).toEqual(['e1', 1, 'a'])
    hubs.broker.failing.add('read')
    expect(await client.ask('history', {}, { channel: 'room' })).toEqual({ error: 'unavailable' })
  })

  it.each([
    ['nothing', undefined],
    ['no entries', { epoch: 'e', head: { offset: 0, id: '' }, before: { offset: 0, id: '' } }],
    [
      'a log with a hole',
      {
        epoch: 'e1',
        head: { offset: 2, id: 'x' },
        before: { offset: 0, id: '' },
        entries: [{ offset: 2, id: 'x', text: ',"n",2,{', at: 0 }],
      },
    ],
  ])('by giving %s instead of the log makes clients ask later', async (_, slice) => {
    const hubs = troubled()
    hubs.broker.slice = { slice }
    const client = await channelClient(hubs)
    expect(await client.enter(['room', null])).toMatchObject([{ refused: 'room', why: 'unavailable' }])
    expect(hubs.reported).toHaveLength(1)
    hubs.broker.slice = undefined
    expect(await client.enter(['room', null])).toMatchObject([{ joined: 'room' }])
  })

  it('by bringing what is no publication harms no client', async () => {
    const hubs = troubled()
    const client = await entered(hubs)
    hubs.broker.bring('room', (listener) => listener.published('room', 'e1', undefined as never, ''))
    hubs.broker.bring('room', (listener) => listener.memberChanged('room', undefined as never))
    hubs.peers[0]!.join('room')
    await client.say(['channel', { leave: ['room'] }])
    const entry = { offset: 1, id: 'x', text: 5 as never, at: 0 }
    hubs.broker.bring('room', (listener) => listener.published('room', 'e1', entry, ''))
    await hubs.publish(1)
    expect(await client.publications()).toEqual([1])
    expect(hubs.reported).not.toEqual([])
  })

  it('by an exception, and not by a promise, harms no client', async () => {
    const hubs = troubled()
    const client = await entered(hubs)
    hubs.broker.isRude = true
    await client.say(['channel', { leave: ['room'] }])
    expect(client.socket.closedWith).toBeUndefined()
    expect(hubs.reported).toEqual([new Error('no unsubscribe')])
    expect(await client.enter(['room:1', null])).toMatchObject([{ refused: 'room:1', why: 'unavailable' }])
    hubs.broker.isRude = false
    expect(await client.enter(['room', null])).toMatchObject([{ joined: 'room' }])
  })

  it('in close is reported', async () => {
    const hubs = troubled()
    await entered(hubs)
    const closed = hubs.hub.close()
    await hubs.clock.advance(5_000)
    await closed
    expect(hubs.clock.pending).toBe(0)
  })
})

describe('a hub that is closed', () => {
  it('opens its broker no more', async () => {
    const hubs = troubled()
    await entered(hubs)
    const closed = hubs.hub.close()
    await hubs.clock.advance(5_000)
    await closed
    const { length } = hubs.broker.calls
    const room = hubs.hub.channel('room')
    await expect(room.publish('n', 1)).rejects.toMatchObject({ code: 'disposed' })
    await expect(room.history()).rejects.toMatchObject({ code: 'disposed' })
    expect(hubs.broker.calls).toHaveLength(length)
  })
})

describe('many clients at once', () => {
  it('are healed by one read of the log', async () => {
    const hubs = troubled(100)
    const first = await hubs.publish(0)
    for (let n = 1; n <= 50; n++) await hubs.publish(n)
    const clients = await Promise.all(
      Array.from({ length: 50 }, (_, index) => channelClient(hubs, { client: `c${index}` })),
    )
    const answers = await Promise.all(clients.map((client) => client.enter(['room', wire(first)])))
    for (const answer of answers) expect(answer).toHaveLength(51)
    expect([calls(hubs, 'subscribe'), calls(hubs, 'read')]).toEqual([1, 1])
  })
})
