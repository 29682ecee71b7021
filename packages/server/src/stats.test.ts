import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
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
})
