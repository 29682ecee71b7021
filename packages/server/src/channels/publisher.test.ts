import { describe, expect, it } from 'vitest'
import { TestBroker } from '../../test/channels/test-broker.ts'
import { createHub, createPublisher, memory } from '../index.ts'

const kinds = { room: { history: { maxMessages: 2 } } }

describe('a publisher', () => {
  it('publishes to the channels of hubs that share its broker, and keeps their history', async () => {
    const broker = memory()
    const hub = createHub({ broker })
    hub.channels('room', kinds.room)
    const publisher = createPublisher(broker, kinds)
    for (const n of [1, 2, 3]) await publisher.publish('room:1', 'n', n)
    const { publications } = await hub.channel('room:1').history()
    expect(publications).toMatchObject([
      { offset: 2, event: 'n', data: 2 },
      { offset: 3, event: 'n', data: 3 },
    ])
    await publisher.close()
    await hub.close()
  })

  it('does not append a publication again that has the id of another one', async () => {
    const publisher = createPublisher(memory(), kinds)
    const [first, second] = [1, 2].map(() => publisher.publish('room', 'n', 1, { id: 'x' }))
    expect(await second).toEqual(await first)
  })

  it.each([
    ['price', 1, {}, 'knows no history'],
    ['', 1, {}, 'knows no history'],
    ['room', 1, { id: '' }, '1 to 64 characters'],
    ['room', 'x'.repeat(100_000), {}, 'too large'],
  ])('refuses %j', async (channel, data, options, message) => {
    const publisher = createPublisher(memory(), kinds)
    await expect(publisher.publish(channel, 'n', data, options)).rejects.toThrow(message)
  })
})

describe('a publication while the broker fails', () => {
  it('fails at once, unless it may wait: then it is appended once', async () => {
    const broker = new TestBroker()
    broker.failing.add('append')
    const publisher = createPublisher(broker, kinds)
    await expect(publisher.publish('room', 'n', 1)).rejects.toThrow()
    const waiting = publisher.publish('room', 'n', 2, { wait: 60_000 })
    await expect.poll(() => broker.calls.length).toBeGreaterThan(2)
    broker.failing.clear()
    expect(await waiting).toMatchObject({ offset: 1 })
  })

  it('fails in the end', async () => {
    const broker = new TestBroker()
    broker.failing.add('append')
    const hub = createHub({ broker })
    await expect(hub.channel('room').publish('n', 1, { wait: 300 })).rejects.toThrow()
    expect(broker.calls.length).toBeGreaterThan(2)
    await hub.close()
  })
})
