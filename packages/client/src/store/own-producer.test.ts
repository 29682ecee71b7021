import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { createOrigin } from '../../test/support/fake-page.ts'
import type { FakeOrigin } from '../../test/support/fake-page.ts'
import { setUpStore, until } from '../../test/support/set-up-store.ts'

describe('a page that is put away', () => {
  it('writes what is queued, lets go of its producer, and writes to the server only with the producer again', async () => {
    const given = setUpStore()
    const { client, clock, origin, page, outbox, live, frames, data } = given
    client.send('a', 1)
    await outbox.committed()
    const [{ producer }] = (await given.records()) as unknown as [{ producer: string }]
    const name = `holdfast:test:${producer}`
    page.event({ type: 'pagehide', persisted: true })
    client.send('a', 2)
    page.hide()
    page.event({ type: 'visibilitychange' })
    await until(() => expect(origin.isLocked(name)).toBe(false))
    expect(await data()).toEqual([1, 2])

    // Somebody else is at it.
    let release = (): void => {}
    void origin
      .page()
      .ports.locks()!
      .request(name, {}, () => new Promise<void>((resolve) => (release = resolve)))
    await until(() => expect(origin.isLocked(name)).toBe(true))
    page.event({ type: 'pageshow', persisted: true })
    await live()
    await clock.advance(2_000)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(frames()).toEqual([])
    release()
    await until(() => expect(frames().map(([, , , sent]) => sent)).toEqual([1, 2]))
  })

  it('does not send what another page has taken and settled', async () => {
    const origin = createOrigin()
    const first = setUpStore({ origin })
    first.client.send('a', 1)
    first.client.send('a', 2)
    await first.outbox.committed()
    first.page.event({ type: 'pagehide', persisted: true })
    first.page.hide()
    first.page.event({ type: 'visibilitychange' })

    const second = setUpStore({ origin })
    await second.live()
    await until(() => expect(second.frames()).toHaveLength(2))
    await second.say(['a', 2])
    await until(async () => expect(await second.records()).toEqual([]))

    first.page.event({ type: 'pageshow', persisted: true })
    await until(() => expect(first.settled).toEqual(['a session-lost', 'a session-lost']))
    first.client.send('a', 3)
    await first.live()
    await until(() => expect(first.frames().map(([, , , sent]) => sent)).toEqual([3]))
  })
  it('does not send to a new server what another page may have sent to the old one', async () => {
    const origin = createOrigin()
    const first = setUpStore({ origin })
    first.client.send('a', 1)
    await first.outbox.committed()
    first.away()
    const second = setUpStore({ origin })
    await second.live()
    await until(() => expect(second.frames()).toHaveLength(1))
    second.page.kill()
    first.back()
    await first.clock.advance(10)
    await until(async () => expect(origin.isLocked(`holdfast:test:${await producerOf(first)}`)).toBe(true))
    await new Promise((resolve) => setTimeout(resolve, 20))
    await first.live({ producers: { epoch: 'e2', ttl: 86_400_000 } })
    await until(() => expect(first.settled).toEqual(['a session-lost']))
    expect(first.frames()).toEqual([])
  })

  it('gives back what it had of others, and tells of it once', async () => {
    const origin = createOrigin()
    const first = setUpStore({ origin })
    for (let number = 0; number < 4; number++) first.client.send('a', number)
    await first.outbox.committed()
    first.page.kill()
    const second = setUpStore({ origin })
    await second.live({ window: [1, 1_048_576] })
    await until(() => expect(second.client.stats().queuedMessages).toBe(3))
    second.away()
    expect(second.client.stats().queuedMessages).toBe(0)
    second.back()
    await until(() => expect(second.client.stats().queuedMessages).toBe(4))
    for (let ack = 1; ack <= 5; ack++) {
      await until(() => expect(second.frames()).toHaveLength(ack))
      await second.say(['a', ack])
    }
    expect(second.frames().map(([, , , sent]) => sent)).toEqual([0, 0, 1, 2, 3])
    await until(async () => expect(await second.records()).toEqual([]))
    expect(second.settled).toEqual(Array(4).fill('a delivered'))
  })

  it('waits for no lock of another page', async () => {
    const origin = createOrigin()
    const first = setUpStore({ origin })
    first.client.send('a', 1)
    await first.outbox.committed()
    const page = origin.page()
    const locks = page.ports.locks()!
    let ask = (): void => {}
    let waiting = 0
    const slow: typeof locks = {
      async request(name, options, callback) {
        if (options.ifAvailable) await new Promise<void>((resolve) => (ask = resolve))
        if (options.signal) waiting++
        return locks.request(name, options, callback).finally(() => {
          if (options.signal) waiting--
        })
      },
    }
    const second = setUpStore({ origin, page, store: { ports: { ...page.ports, locks: () => slow } } })
    second.client.send('a', 2)
    await second.outbox.committed()
    await new Promise((resolve) => setTimeout(resolve, 20))
    second.away()
    ask()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(waiting).toBe(0)
  })

  it('learns what another page has settled, also when it is connected before it has its producer again', async () => {
    const origin = createOrigin()
    const first = setUpStore({ origin })
    first.client.send('a', 1)
    await first.outbox.committed()
    first.away()
    const second = setUpStore({ origin })
    await second.live()
    await until(() => expect(second.frames()).toHaveLength(1))
    first.back()
    await first.live()
    await second.say(['a', 1])
    await until(() => expect(first.settled).toEqual(['a session-lost']))
    expect(first.frames()).toEqual([])
  })

  it('does not call undelivered what another page may have sent meanwhile', async () => {
    const origin = createOrigin()
    const first = setUpStore({ origin })
    const one = first.client.send('a', 1)
    const two = first.client.send('a', 2)
    await first.outbox.committed()
    first.away()
    const second = setUpStore({ origin })
    await second.live({ window: [1, 1_048_576] })
    await until(() => expect(second.frames()).toHaveLength(1))
    first.back()
    expect(one.cancel()).toBe(false)
    await first.client.dispose()
    const unknown = { status: 'unknown', reason: 'session-lost' }
    expect([one.outcome, two.outcome]).toEqual([unknown, unknown])
  })

  it('takes back what nobody has sent meanwhile', async () => {
    const { client, outbox, away, back } = setUpStore()
    const sent = client.send('a', 1)
    await outbox.committed()
    away()
    back()
    client.send('a', 2)
    await outbox.committed()
    expect(sent.cancel()).toBe(true)
    expect(sent.outcome).toEqual({ status: 'undelivered', reason: 'cancelled' })
    await client.dispose()
  })

  it('notes what it sends when it is connected before it has its producer again', async () => {
    const origin = createOrigin()
    const first = setUpStore({ origin })
    first.client.send('a', 1)
    await first.outbox.committed()
    first.away()
    const second = setUpStore({ origin })
    await second.live()
    await until(() => expect(second.frames()).toHaveLength(1))
    first.back()
    first.client.send('a', 2)
    await first.live()
    await second.say(['a', 1])
    await until(() => expect(first.frames()).toHaveLength(1))
    first.page.kill()
    const third = setUpStore({ origin })
    await third.live({ producers: { epoch: 'e2', ttl: 86_400_000 } })
    await until(() => expect(third.settled).toEqual(['a session-lost']))
    expect(third.frames()).toEqual([])
  })

  it('leaves no lock and no database behind if it is disposed of while it waits for its producer', async () => {
    const origin = createOrigin()
    const first = setUpStore({ origin })
    first.client.send('a', 1)
    await first.outbox.committed()
    const name = `holdfast:test:${await producerOf(first)}`
    first.away()
    await until(() => expect(origin.isLocked(name)).toBe(false))
    const release = await lockIn(origin, name)
    first.back()
    await settleMicrotasks()
    await first.client.dispose()
    release()
    await until(() => expect(origin.isLocked(name)).toBe(false))
    expect(await first.data()).toEqual([])
    await new Promise<void>((resolve, reject) => {
      const deleting = origin.databases.deleteDatabase('holdfast:test')
      deleting.onsuccess = () => resolve()
      deleting.onblocked = () => reject(new Error('a handle is open'))
    })
  })

  it.each([1, 2])('lets go of its producer when it is left again (%i returns)', async (returns) => {
    const origin = createOrigin()
    const first = setUpStore({ origin })
    first.client.send('a', 1)
    await first.outbox.committed()
    const name = `holdfast:test:${await producerOf(first)}`
    first.away()
    await until(() => expect(origin.isLocked(name)).toBe(false))
    const release = await lockIn(origin, name)
    for (let count = 0; count < returns; count++) {
      first.back()
      await settleMicrotasks()
      first.away()
    }
    release()
    await until(() => expect(origin.isLocked(name)).toBe(false))
    first.back()
    await until(() => expect(origin.isLocked(name)).toBe(true))
    await first.outbox.committed()
    first.away()
    await until(() => expect(origin.isLocked(name)).toBe(false))
  })
})

async function producerOf({ records }: ReturnType<typeof setUpStore>): Promise<string> {
  return (await records())[0]!['producer'] as string
}

/** Another page has the lock, until the returned function is called. */
async function lockIn(origin: FakeOrigin, name: string): Promise<() => void> {
  let release = (): void => {}
  void origin
    .page()
    .ports.locks()!
    .request(name, {}, () => new Promise<void>((resolve) => (release = resolve)))
  await until(() => expect(origin.isLocked(name)).toBe(true))
  return release
}
