import { describe, expect, it } from 'vitest'
import { channelClient, wire } from '../../test/channels/channel-client.ts'
import type { ChannelClient, WirePosition } from '../../test/channels/channel-client.ts'
import { newcomer, resuming, setUp } from '../../test/support/set-up.ts'

describe('a client that cannot keep up, and joins a channel again for what it has dropped', () => {
  /** A client that drops all that it is sent, and says so as often as it is answered. */
  const dropping = async () => {
    const asked: string[] = []
    const hubs = setUp()
    hubs.hub.channels('room', {
      subscribe(_peer, id) {
        asked.push(id)
        return true
      },
      history: { maxMessages: 100 },
    })
    const client = await channelClient(hubs)
    const position = wire(await hubs.hub.channel('room:1').publish('n', 0))
    await client.enter(['room:1', position])
    for (let n = 1; n <= 100; n++) await hubs.hub.channel('room:1').publish('n', n)
    await client.received()
    return { ...hubs, client, position, asked }
  }

  const isAnswered = async (client: ChannelClient, position: WirePosition): Promise<boolean> =>
    (await client.enter(['room:1', position])).length > 0

  it('is answered at once a few times, and then twice a second', async () => {
    const { clock, client, position } = await dropping()
    let replays = 0
    for (let tick = 0; tick < 1_000; tick++) {
      if (await isAnswered(client, position)) replays++
      await clock.advance(10)
      replays += (await client.received()).length > 0 ? 1 : 0
    }
    expect(replays).toBeGreaterThanOrEqual(20)
    expect(replays).toBeLessThanOrEqual(30)
  })

  it('is answered for the last join, once', async () => {
    const { clock, client, position, asked } = await dropping()
    while (await isAnswered(client, position));
    asked.length = 0
    for (let n = 0; n < 10; n++) expect(await isAnswered(client, position)).toBe(false)
    await clock.advance(1_000)
    const [answer, ...publications] = await client.received()
    expect(answer).toMatchObject({ joined: 'room:1', missed: 100 })
    expect(publications).toHaveLength(100)
    expect(asked).toEqual(['1'])
  })

  it('does not delay others, nor its other channels, nor its next connection', async () => {
    const hubs = await dropping()
    const { client, position } = hubs
    while (await isAnswered(client, position));
    expect(await client.enter(['room:2', null])).toMatchObject([{ joined: 'room:2' }])
    const other = await channelClient(hubs, { client: 'c2' })
    expect(await isAnswered(other, position)).toBe(true)
    const again = hubs.dial()
    await again.greet({ ...newcomer, ...resuming(client.ok, 0) })
    again.take()
    await again.say(['channel', { join: [['room:1', position]], n: 1 }])
    expect(again.take()[0]).toMatchObject(['channel', { joined: 'room:1' }])
  })

  it('is not answered after it has left', async () => {
    const { clock, client, position } = await dropping()
    while (await isAnswered(client, position));
    await client.say(['channel', { leave: ['room:1'] }])
    await clock.advance(2_000)
    expect(await client.received()).toEqual([])
    expect(await isAnswered(client, position)).toBe(true)
  })

  it('begins anew after it was refused, so that the hub remembers no channel that it does not have', async () => {
    const hubs = setUp()
    const answers: ((verdict: boolean) => void)[] = []
    hubs.hub.channels('room', { subscribe: () => new Promise<boolean>((resolve) => answers.push(resolve)) })
    const client = await channelClient(hubs)
    const joins = async (count: number): Promise<number> => {
      answers.length = 0
      for (let n = 0; n < count; n++) await client.enter(['room:1', null])
      return answers.length
    }
    // The first one is no repetition, and five repetitions are asked for at once.
    expect(await joins(6)).toBe(6)
    answers.at(-1)!(false)
    expect(await client.received()).toMatchObject([{ refused: 'room:1', n: 6, why: 'forbidden' }])
    expect(await joins(6)).toBe(6)
  })

  it('leaves no timer behind when its connection ends', async () => {
    const { clock, hub, client, position } = await dropping()
    while (await isAnswered(client, position));
    const closed = hub.close()
    await clock.advance(10_000)
    await closed
    expect(clock.pending).toBe(0)
  })
})
