import { memory } from '@holdfast/server'
import { describe, expect, it } from 'vitest'
import { brokerSuite } from './broker-suite.ts'

brokerSuite('memory()', async () => {
  let now = 1_000_000
  return {
    broker: memory({ now: () => now }),
    async pass(milliseconds) {
      now += milliseconds
    },
    async [Symbol.asyncDispose]() {},
  }
})

describe('memory()', () => {
  const listener = { published() {}, memberChanged() {}, reset() {} }
  const bounds = { maxMessages: 100, maxBytes: 1_000_000, maxAge: 1_000_000 }

  it('forgets the channels that were used least recently, and never that it has forgotten', async () => {
    const node = memory({ maxChannels: 2 }).open(listener)
    const first = await node.append('a', { id: '1', text: 'x' }, bounds)
    await node.append('b', { id: '1', text: 'x' }, bounds)
    await node.append('c', { id: '1', text: 'x' }, bounds)
    const { epoch, head } = await node.read('a', { after: 0 })
    expect([head.offset, epoch === first.epoch]).toEqual([0, false])
    expect((await node.read('b', { after: 0 })).head.offset).toBe(1)
  })

  it('keeps a channel that somebody is subscribed to, without its history', async () => {
    const node = memory({ maxChannels: 2 }).open(listener)
    await node.subscribe('a')
    const first = await node.append('a', { id: '1', text: 'x' }, bounds)
    for (const name of ['b', 'c', 'd']) await node.append(name, { id: '1', text: 'x' }, bounds)
    expect(await node.read('a', { after: 0 })).toMatchObject({
      epoch: first.epoch,
      before: { offset: 1, id: '1' },
      entries: [],
    })
  })

  it('drops the history of the channels that were used least recently, above a size', async () => {
    const node = memory({ maxBytes: 250 }).open(listener)
    for (const name of ['a', 'b', 'c']) await node.append(name, { id: '1', text: 'x'.repeat(100) }, bounds)
    const left = await Promise.all(['a', 'b', 'c'].map((name) => node.read(name, { after: 0 })))
    expect(left.map(({ entries }) => entries.length)).toEqual([0, 1, 1])
    expect(left[0]!.before).toEqual({ offset: 1, id: '1' })
  })

  it('forgets a channel at once that never had a publication', async () => {
    const broker = memory({ maxChannels: 1 })
    const node = broker.open(listener)
    await node.append('kept', { id: '1', text: 'x' }, bounds)
    for (let n = 0; n < 10; n++) {
      await node.subscribe(`room:${n}`)
      node.unsubscribe(`room:${n}`)
    }
    await node.append('kept', { id: '2', text: 'x' }, bounds)
    expect((await node.read('kept', { after: 0 })).entries).toHaveLength(2)
  })

  it.each([{ maxChannels: 0 }, { maxBytes: Number.NaN }])('refuses %j', (options) => {
    expect(() => memory(options)).toThrow('a number above 0')
  })
})
