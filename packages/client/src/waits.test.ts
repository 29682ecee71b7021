import { describe, expect, it } from 'vitest'
import { settleMicrotasks } from '@holdfast/testing'
import { codeOf } from '../test/support/failures.ts'
import { setUp } from '../test/support/set-up.ts'

describe('drained()', () => {
  it('resolves when little enough is left in the queue and the socket', async () => {
    const { client, clock, network, open } = setUp()
    await open()
    network.last.bufferedAmount = 500
    let done = false
    void client.drained({ below: 100 }).then(() => (done = true))
    await clock.advance(100)
    expect(done).toBe(false)
    network.last.bufferedAmount = 100
    await clock.advance(100)
    expect(done).toBe(true)
    // The one of the open connection.
    expect(clock.pending).toBe(1)
  })

  it('polls only what the socket holds, and waits for the queue without a timer', async () => {
    const { client, clock, network, open } = setUp()
    client.send('a', {}, { key: 'k' })
    const empty = codeOf(client.drained())
    await settleMicrotasks()
    expect(clock.pending).toBe(0)
    client.send('b', {}).cancel()
    expect(clock.pending).toBe(0)
    await open()
    expect(await empty).toBe('resolved')
    network.last.bufferedAmount = 2 ** 20
    const waiting = client.send('c', {})
    const all = codeOf(client.drained())
    network.last.bufferedAmount = 0
    await clock.advance(20)
    expect(waiting.outcome).toEqual({ status: 'sent' })
    expect(await all).toBe('resolved')
  })

  it('resolves when the last message that waits is taken back, without a connection', async () => {
    const { client } = setUp()
    const delivery = client.send('a', {})
    const drained = codeOf(client.drained())
    await settleMicrotasks()
    delivery.cancel()
    expect(await drained).toBe('resolved')
  })

  it('leaves no timer behind, however it ends', async () => {
    const { client, clock, network, open } = setUp()
    const controller = new AbortController()
    client.send('x', {})
    const aborted = codeOf(client.drained({ signal: controller.signal }))
    controller.abort()
    expect(await aborted).toBe('aborted')
    await settleMicrotasks()
    expect(clock.pending).toBe(0)
    const drained = codeOf(client.drained())
    await open()
    expect(await drained).toBe('resolved')
    // The one of the open connection.
    expect(clock.pending).toBe(1)
    network.last.bufferedAmount = 1
    const pieces = [codeOf(client.drained()), codeOf(client.drained())]
    await settleMicrotasks()
    expect(clock.pending).toBe(2)
    network.last.bufferedAmount = 0
    await clock.advance(20)
    expect(await Promise.all(pieces)).toEqual(['resolved', 'resolved'])
    expect(clock.pending).toBe(1)
  })

  it('counts what waits for a connection, and can be aborted', async () => {
    const { client, clock } = setUp()
    client.send('x', {})
    const controller = new AbortController()
    const drained = codeOf(client.drained({ signal: controller.signal }))
    await clock.advance(100)
    controller.abort('enough')
    expect(await drained).toBe('aborted')
    await clock.advance(100)
    expect(clock.pending).toBe(0)
  })
})
