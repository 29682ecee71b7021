import { describe, expect, it } from 'vitest'
import { createOrigin } from '../../test/support/fake-page.ts'
import { setUpStore, until } from '../../test/support/set-up-store.ts'
import type { Given } from '../../test/support/set-up-store.ts'

describe('what an earlier page has left', () => {
  async function leave(given: Given, send: (client: ReturnType<typeof setUpStore>['client']) => void) {
    const first = setUpStore(given)
    send(first.client)
    await first.outbox.committed()
    first.page.kill()
    return first.origin
  }
  const sent = (frames: unknown[][]): unknown[] => frames.map(([, , , data]) => data)

  it('goes out under its producer and number, in batches that leave room in the queue', async () => {
    const origin = await leave({}, (client) => {
      for (let number = 0; number < 30; number++) client.send('a', number)
    })
    const second = setUpStore({ origin, client: { outbox: { maxMessages: 10 } } })
    let most = 0
    second.client.watch('settled', () => (most = Math.max(most, second.client.stats().queuedMessages)))
    await second.live({ window: [3, 1_048_576] })
    for (let ack = 1; ack <= 30; ack++) {
      await until(() => expect(second.frames().length).toBeGreaterThanOrEqual(ack))
      await second.say(['a', ack])
    }
    expect(sent(second.frames())).toEqual(Array.from({ length: 30 }, (_, number) => number))
    expect(
      second.frames().map(([, , , , meta]) => (meta as { producer: [string, number] }).producer[1]),
    ).toEqual(Array.from({ length: 30 }, (_, number) => number + 1))
    expect(second.settled).toEqual(Array(30).fill('a delivered'))
    expect(most).toBeLessThanOrEqual(10)
    await until(async () => {
      expect(await second.records()).toEqual([])
      expect(await origin.records('test', 'producers')).toHaveLength(2)
    })
    // Once nothing more can come of its page, the producer is forgotten.
    await second.client.dispose()
    const third = setUpStore({ origin })
    await third.clock.advance(61_000)
    await third.live()
    await until(async () => expect(await origin.records('test', 'producers')).toHaveLength(1))
  })

  it('is not sent for somebody else, not even what comes into the database late', async () => {
    const origin = createOrigin()
    const first = setUpStore({ origin })
    await first.live({ identity: 'ann' })
    first.client.send('a', 'early')
    await first.outbox.committed()
    first.page.kill()
    const [record] = await first.records()
    const second = setUpStore({ origin })
    await second.live({ identity: 'bob' })
    await until(async () => expect(await second.records()).toEqual([]))
    const text = (record!['text'] as string).replace('early', 'late').replace(',1]', ',2]')
    const late = { ...record, n: 2, text }
    await origin.put('test', 'messages', late)
    const third = setUpStore({ origin })
    await third.live({ identity: 'bob' })
    await until(async () => expect(await third.records()).toEqual([]))
    expect([...second.settled, ...third.settled]).toEqual(['a session-lost', 'a session-lost'])
    expect([...second.frames(), ...third.frames()]).toEqual([])
  })

  it('expires by the wall clock, after its own time or that of the store', async () => {
    const origin = await leave({ store: { ttl: 60_000 } }, (client) => {
      client.send('a', 'short', { ttl: 1_000 })
      client.send('a', 'long', { ttl: 1e9 })
    })
    const later = { wall: 0 }
    const second = setUpStore({ origin })
    later.wall = second.clock.wall()
    await second.clock.advance(1_500)
    await second.live()
    await until(() => expect(second.settled).toContain('a expired'))
    await until(() => expect(sent(second.frames())).toEqual(['long']))
    second.page.kill()

    const third = setUpStore({ origin })
    await third.clock.advance(70_000)
    await third.live()
    // It may have been written, so nobody can tell.
    await until(() => expect(third.settled).toEqual(['a session-lost']))
    expect(sent(third.frames())).toEqual([])
  })

  it('is told, oldest first, as far as it is too much', async () => {
    const origin = await leave({}, (client) => {
      for (let number = 0; number < 5; number++) client.send('a', `${number}`.repeat(100))
    })
    const second = setUpStore({ origin, store: { maxStored: 500 } })
    second.client.send('b', 1)
    await until(() => expect(second.settled.length).toBeGreaterThan(0))
    expect(new Set(second.settled)).toEqual(new Set(['a overflow']))
    await until(async () => {
      const left = (await second.data()).filter((data) => data !== 1)
      expect(left.length).toBe(5 - second.settled.length)
      expect(left.at(-1)).toBe('4'.repeat(100))
    })
  })

  it('and was told as too much is not sent by its page when that returns', async () => {
    const first = setUpStore()
    first.client.send('a', 'x'.repeat(100))
    first.client.send('a', 'y'.repeat(100))
    await first.outbox.committed()
    first.away()
    const second = setUpStore({ origin: first.origin, store: { maxStored: 250 } })
    second.client.send('b', 1)
    await until(() => expect(second.settled).toEqual(['a overflow']))
    await second.outbox.committed()
    first.back()
    await until(() => expect(first.settled).toEqual(['a session-lost']))
    await first.live()
    await until(() => expect(sent(first.frames())).toEqual(['y'.repeat(100)]))
  })

  it('is not sent again to a server that knows nothing of producers, if it may have been written', async () => {
    const origin = createOrigin()
    const first = setUpStore({ origin })
    await first.live({ producers: undefined })
    first.client.send('a', 'written')
    await first.outbox.committed()
    first.page.kill()
    await leave({ origin }, (client) => void client.send('a', 'never written'))
    const third = setUpStore({ origin })
    await third.live({ producers: undefined })
    await until(() => expect(sent(third.frames())).toEqual(['never written']))
    expect(third.settled).toEqual(['a session-lost'])
  })

  it('goes on when the database has to be opened again meanwhile', async () => {
    const origin = await leave({}, (client) => {
      for (let number = 0; number < 10; number++) client.send('a', number)
    })
    const second = setUpStore({ origin, client: { outbox: { maxMessages: 10 } } })
    await second.live()
    await until(() => expect(second.frames().length).toBeGreaterThan(3))
    second.page.loseDatabase()
    await second.say(['a', second.frames().length])
    await until(() => expect(second.frames()).toHaveLength(10))
    expect(sent(second.frames())).toEqual(Array.from({ length: 10 }, (_, number) => number))
  })

  it.each([
    ['has restarted', { producers: { epoch: 'e2', ttl: 86_400_000 } }],
    ['remembers for less time than that', { producers: { epoch: 'e1', ttl: 500 } }],
  ])('and waits in the queue is not sent again to a server that %s', async (_, part) => {
    const origin = createOrigin()
    const first = setUpStore({ origin })
    await first.live()
    for (let number = 0; number < 4; number++) first.client.send('a', number)
    await first.outbox.committed()
    first.page.kill()
    const second = setUpStore({ origin })
    await second.live({ window: [1, 1_048_576] })
    await until(() => expect(sent(second.frames())).toEqual([0]))
    await second.cut()
    await second.live({ session: 's2', ...part })
    await until(() => expect(second.settled).toEqual(Array(4).fill('a session-lost')))
    expect(second.frames()).toEqual([])
  })

  it('and may have been delivered is unknown, whatever ends its second wait', async () => {
    const origin = createOrigin()
    const first = setUpStore({ origin })
    await first.live()
    for (let number = 0; number < 4; number++) first.client.send('a', number, { ttl: 60_000 })
    await first.outbox.committed()
    first.page.kill()
    const second = setUpStore({ origin })
    await second.live({ window: [1, 1_048_576] })
    await until(() => expect(second.client.stats().queuedMessages).toBe(3))
    await second.clock.advance(60_001)
    expect(second.settled).toEqual(Array(3).fill('a session-lost'))
  })

  it('is not sent once the server may have forgotten how far it came', async () => {
    const origin = createOrigin()
    const first = setUpStore({ origin })
    await first.live()
    first.client.send('a', 'written')
    await first.outbox.committed()
    first.page.kill()
    const second = setUpStore({ origin })
    await second.clock.advance(2_000)
    await second.live({ producers: { epoch: 'e1', ttl: 1_000 } })
    await until(() => expect(second.settled).toEqual(['a session-lost']))
    expect(second.frames()).toEqual([])
  })
})
