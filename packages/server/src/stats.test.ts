import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { channelClient, wire } from '../test/channels/channel-client.ts'
import { newcomer, resuming, setUp } from '../test/support/set-up.ts'

describe('the snapshot of a hub', () => {
  it('counts the bytes of its messages in both directions, in UTF-8', async () => {
    const { hub, join, peers } = setUp()
    const client = await join()
    const before = hub.stats()
    await client.say([1, 0, 'n', 'é'])
    const { receivedBytes, receivedMessages } = hub.stats()
    expect(receivedBytes - before.receivedBytes).toBe(Buffer.byteLength('[1,0,"n","é"]'))
    expect(receivedMessages).toBe(1)

    const sent = hub.stats().sentBytes
    void peers[0]!.send('m', 'é')
    expect(hub.stats().sentMessages).toBe(1)
    // It leaves at the end of the turn.
    await settleMicrotasks()
    expect(hub.stats().sentBytes - sent).toBe(Buffer.byteLength('[1,1,"m","é"]'))
  })

  it('has the round-trip times of the pings that clients answer, which watch tells one by one', async () => {
    const { clock, hub, join } = setUp({ pingInterval: 10_000 })
    const heard: number[] = []
    hub.watch('rtt', ({ rtt }) => heard.push(rtt))
    const client = await join()
    await clock.advance(10_300)
    expect(client.take()).toEqual([['p', 0]])
    const sentBefore = clock.now()
    await clock.advance(40)
    await client.say(['q', 0])
    // The ping left at some time before.
    const [rtt] = heard
    expect(rtt).toBeGreaterThanOrEqual(clock.now() - sentBefore)
    expect(hub.stats().rtt).toEqual({ count: 1, sum: rtt })
    await client.say(['q', 0])
    expect(heard).toHaveLength(1)
  })

  it('counts the ends of sessions by their reason, and refusals by their code', async () => {
    const { clock, dial, hub, join, peers } = setUp({ sessionTimeout: 5_000 })
    const leaving = await join({ client: 'a' })
    await leaving.say(['bye', { rx: 0 }])
    const lost = await join({ client: 'b' })
    lost.socket.terminate()
    await clock.advance(6_000)
    const stranger = dial()
    await stranger.say(['hi', { ...newcomer, ...resuming({ ...lost.ok, session: 'another' }, 0) }])
    const wrong = dial()
    await wrong.say('nonsense')
    expect(peers).toHaveLength(2)
    const { disconnected, ended, refused, refusals } = hub.stats()
    expect(ended).toMatchObject({ left: 1, expired: 1, unknown: 1, overflow: 0 })
    expect({ disconnected, refused, refusals }).toEqual({
      disconnected: 1,
      refused: 1,
      refusals: { 4400: 1 },
    })
  })

  it('does not change any more once it was taken', async () => {
    const { dial, hub } = setUp()
    const before = hub.stats()
    await dial().say('nonsense')
    expect(before).toMatchObject({ refused: 0, refusals: {}, receivedBytes: 0 })
  })

  it('counts the limits that were reached, by their names', async () => {
    const { dial, hub, join, peers } = setUp({
      limits: {
        maxConnections: 2,
        maxPayloadBytes: 65_536,
        messageRate: 1,
        messageBurst: 1,
        maxBufferedMessages: 1,
        maxRunningRequests: 1,
      },
    })
    hub.handle('never', () => new Promise(() => {}))
    const client = await join()
    const other = await join({ client: 'b' })
    dial()
    await client.say([1, 0, 'never', null, { id: 1 }])
    await client.say([0, 0, 'n'])
    void peers[0]!.send('m')
    void peers[0]!.send('m')
    await other.say('x'.repeat(70_000))
    const hits = Object.entries(hub.stats().limitHits).filter(([, count]) => count > 0)
    expect(Object.fromEntries(hits)).toEqual({
      maxConnections: 1,
      messageRate: 1,
      maxBufferedMessages: 1,
      maxPayloadBytes: 1,
    })
  })

  it('counts what channels publish, send, refuse, heal and lose', async () => {
    const hubs = setUp({ limits: { maxChannelsPerSession: 1, publishRate: 1, publishBurst: 1 } })
    const { hub } = hubs
    hub.channels('room', {
      subscribe: (_, id) => id !== 'no',
      publish: () => true,
      history: { maxMessages: 1 },
    })
    hub.channels('last', { subscribe: () => false })
    const publish = async () => wire(await hub.channel('room').publish('n', 1))
    const first = await publish()
    const client = await channelClient(hubs)
    await client.enter(['room', first])
    const second = await publish()
    await client.enter(['room', first])
    await publish()
    await client.enter(['room', first])
    await client.enter(['room', second], ['room:1'], ['room:no'])
    await client.ask('n', 1, { channel: 'room', pub: 'a' })
    await client.ask('n', 1, { channel: 'room', pub: 'b' })
    expect(hub.stats()).toMatchObject({
      published: 4,
      recoveries: 3,
      gaps: 1,
      channelRefusals: { 'too-many': 2, forbidden: 0, other: 0 },
      limitHits: { maxChannelsPerSession: 2, publishRate: 1 },
      channels: 1,
      subscriptions: 1,
    })
    expect(hub.stats().publicationsSent).toBe(5)
  })
})
