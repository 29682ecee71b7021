import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { setUpSession, statuses } from '../../../test/support/set-up-session.ts'

describe('a message', () => {
  it('is delivered once it is acknowledged', async () => {
    const { client, live, say } = setUpSession()
    await live()
    const sends = [client.send('a', 1), client.send('b'), client.sendRaw('raw')]
    await settleMicrotasks()
    expect(statuses(sends)).toEqual(['open', 'open', 'open'])
    expect(client.stats().unacknowledgedMessages).toBe(3)
    await say(['a', 2])
    expect(statuses(sends)).toEqual(['delivered', 'delivered', 'open'])
    await say([0, 3, 'tick'])
    expect(statuses(sends)).toEqual(['delivered', 'delivered', 'delivered'])
  })

  it('leaves with all others of its turn in one message of the socket', async () => {
    const { client, live, network } = setUpSession()
    await live()
    const before = network.last.sent.length
    client.send('a', 1)
    client.send('b')
    client.send('c', null)
    client.send('cursor', { x: 1 }, { volatile: true })
    await settleMicrotasks()
    expect(network.last.sent.slice(before)).toEqual([
      '[[1,0,"a",1],[2,0,"b"],[3,0,"c",null],[0,0,"cursor",{"x":1}]]',
    ])
  })

  it('can be taken back until the end of its turn', async () => {
    const { client, live } = setUpSession()
    await live()
    const delivery = client.send('a', 1)
    expect(delivery.cancel()).toBe(true)
    const written = client.send('b', 1)
    await settleMicrotasks()
    expect(written.cancel()).toBe(false)
    expect(statuses([delivery, written])).toEqual(['undelivered: cancelled', 'open'])
  })

  it('waits when the window of the server is full, and is written when there is room', async () => {
    const { client, live, say, heard } = setUpSession()
    await live({ window: [2, 1_000] })
    for (const name of ['a', 'b', 'c', 'd']) client.send(name)
    await settleMicrotasks()
    expect(heard().slice(2)).toEqual([
      [1, 0, 'a'],
      [2, 0, 'b'],
    ])
    await say(['a', 1])
    expect(heard().slice(4)).toEqual([[3, 0, 'c']])
  })

  it('is packed into messages that the server can take', async () => {
    const { client, live, network } = setUpSession()
    await live({ maxPayload: 3_000 })
    for (let count = 0; count < 100; count++) client.send('text', 'x'.repeat(90))
    await settleMicrotasks()
    const packs = network.last.sent.slice(2) as string[]
    expect(packs.length).toBeGreaterThan(3)
    for (const pack of packs) expect(pack.length).toBeLessThanOrEqual(1_000)
  })

  it('that the server cannot take is not written', async () => {
    const { client, live } = setUpSession()
    const early = client.send('a', 'x'.repeat(3_000))
    await live({ maxPayload: 2_000 })
    const late = client.send('a', 'x'.repeat(3_000))
    expect(statuses([early, late])).toEqual(['undelivered: too-large', 'undelivered: too-large'])
  })
})
