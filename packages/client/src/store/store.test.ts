import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { createOrigin, named } from '../../test/support/fake-page.ts'
import type { FakeOrigin, FaultPoint } from '../../test/support/fake-page.ts'
import { setUpStore, until } from '../../test/support/set-up-store.ts'
import type { Given } from '../../test/support/set-up-store.ts'
import { setUp } from '../../test/support/set-up.ts'
import type { Delivery } from '../index.ts'
import { plain, session } from '../index.ts'
import { store } from './index.ts'
import type { DatabaseLike } from './index.ts'

describe('a store', () => {
  it('has what was sent, as it goes over the wire, until it has an outcome', async () => {
    const { client, outbox, live, say, frames, records, data } = setUpStore()
    client.send('a', { x: 1 })
    client.send('a')
    client.sendRaw('text')
    client.sendRaw(new Uint8Array([1, 2]))
    await outbox.committed()
    const [first, second, third, fourth] = await records()
    const producer = first!['producer'] as string
    expect(producer).toMatch(/^[\w-]{22}$/)
    expect(first).toMatchObject({ n: 1, name: 'a', text: `,"a",{"x":1},{"producer":["${producer}",1]}` })
    expect(second).toMatchObject({ n: 2, text: `,"a",null,{"producer":["${producer}",2],"absent":true}` })
    expect(third).toMatchObject({ n: 3, text: `,null,"text",{"raw":true,"producer":["${producer}",3]}` })
    expect(fourth).toMatchObject({ n: 4, data: new Uint8Array([1, 2]) })

    await live()
    await until(() => expect(frames()).toHaveLength(3))
    expect(frames()[0]).toEqual([1, 0, 'a', { x: 1 }, { producer: [producer, 1] }])
    await say(['a', 2])
    await outbox.committed()
    expect((await records()).map(({ n }) => n)).toEqual([3, 4])
    await say(['a', 4])
    await outbox.committed()
    expect(await data()).toEqual([])
  })

  it('has neither volatile messages nor requests', async () => {
    const { client, outbox, live, frames, records } = setUpStore()
    client.send('a', 1, { volatile: true })
    client.request('b', 2).catch(() => {})
    client.send('c', 3)
    await outbox.committed()
    expect((await records()).map(({ name }) => name)).toEqual(['c'])
    await live()
    await until(() => expect(frames()).toHaveLength(2))
    client.send('a', 4, { volatile: true })
    await until(() => expect(frames()).toHaveLength(3))
    expect(frames().map(([, , name, , meta]) => [name, Object.keys(meta ?? {})])).toEqual([
      ['b', ['id']],
      ['c', ['producer']],
      ['a', []],
    ])
  })

  it('does not persist what is sent with the durability of memory, and the server gets it all the same', async () => {
    const { client, outbox, live, frames, data } = setUpStore()
    client.send('a', 'secret', { durability: 'memory' })
    client.send('a', 'note')
    await outbox.committed()
    expect(await data()).toEqual(['note'])
    await live()
    await until(() => expect(frames().map(([, , , sent]) => sent)).toEqual(['secret', 'note']))
  })

  it('is misuse on another wire, for two clients, and without a name', () => {
    expect(() => setUpStore({ client: { wire: plain() } })).toThrow(/session/)
    const { outbox } = setUpStore()
    expect(() => setUp({ wire: session(), store: outbox })).toThrow(/one client/)
    expect(() => store({ name: '' })).toThrow(/name/)
    expect(() => store({ name: 'a', ttl: 0 })).toThrow(/ttl/)
  })

  it.each([
    ['cancelled', (delivery: Delivery) => void delivery.cancel()],
    ['replaced', (_: Delivery, again: () => void) => again()],
    ['expired', (_: Delivery, __: () => void, pass: () => void) => pass()],
  ])('forgets what is %s', async (_, settle) => {
    const { client, clock, outbox, data } = setUpStore()
    const delivery = client.send('a', 'old', { key: 'k', ttl: 1_000 })
    await outbox.committed()
    expect(await data()).toEqual(['old'])
    const again = (): void => void client.send('a', 'new', { key: 'k' })
    const pass = (): void => void clock.advance(1_001)
    settle(delivery, again, pass)
    await delivery
    await outbox.committed()
    expect(await data()).not.toContain('old')
  })

  it('never writes what was settled before its turn', async () => {
    const { client, page, outbox, data } = setUpStore()
    await outbox.committed()
    for (let number = 0; number < 100; number++) client.send('a', number, { key: 'k' })
    await outbox.committed()
    expect(await data()).toEqual([99])
    expect(page.transactions).toBeLessThan(4)
  })

  it('takes 10,000 messages of one turn in twenty transactions, none of which stalls the page', async () => {
    const { client, page, outbox, records } = setUpStore()
    for (let number = 0; number < 10_000; number++) client.send('a', number)
    await outbox.committed()
    expect(await records()).toHaveLength(10_000)
    expect(page.transactions).toBeLessThan(24)
  })

  it('says that a message is on disk only when another page can find it there', async () => {
    const { client, page, outbox, origin } = setUpStore()
    for (let number = 0; number < 512; number++) client.send('a', number)
    // Only the first transaction comes through.
    page.fail('complete', named('UnknownError'), Infinity, 1)
    await outbox.committed().catch(() => {})
    expect(await origin.records('test', 'producers')).toHaveLength(1)
  })

  it('writes strictly when it is asked to, and only then', async () => {
    const { client, page, outbox } = setUpStore()
    client.send('a', 1)
    await outbox.committed()
    expect(page.strictTransactions).toBe(0)
    client.send('a', 2)
    client.send('a', 3, { durability: 'strict' })
    await outbox.committed()
    expect(page.strictTransactions).toBe(1)
  })

  it('is empty, closed and unlocked after dispose()', async () => {
    const { client, origin, page, outbox, records } = setUpStore()
    client.send('a', 1)
    await outbox.committed()
    const [{ producer }] = (await records()) as [{ producer: string }]
    expect(origin.isLocked(`holdfast:test:${producer}`)).toBe(true)
    expect(page.listeners).toBe(1)
    await client.dispose()
    expect(await records()).toEqual([])
    expect(await origin.records('test', 'producers')).toEqual([])
    expect(page.listeners).toBe(0)
    await until(() => expect(origin.isLocked(`holdfast:test:${producer}`)).toBe(false))
    // A handle that is left open would keep this from happening.
    await new Promise<void>((resolve, reject) => {
      const deleting = origin.databases.deleteDatabase('holdfast:test')
      deleting.onsuccess = () => resolve()
      deleting.onblocked = () => reject(new Error('a handle is open'))
    })
    await expect(outbox.committed()).resolves.toBeUndefined()
  })

  it('numbers a message after those that were sent while it was encoded, so that the server takes all of them', async () => {
    const { client, outbox, live, frames, data } = setUpStore()
    await live()
    for (const outer of ['outer', 'x'.repeat(20_000)])
      client.send('a', { toJSON: () => (client.send('a', 'inner'), outer) })
    await outbox.committed()
    const sent = ['inner', 'outer', 'inner', 'x'.repeat(20_000)]
    expect(await data()).toEqual(sent)
    expect(frames().map(([, , , value]) => value)).toEqual(sent)
    expect(frames().map(([, , , , meta]) => (meta as { producer: [string, number] }).producer[1])).toEqual([
      1, 2, 3, 4,
    ])
  })
})

describe('a database that fails', () => {
  const points: FaultPoint[] = ['open', 'transaction', 'put', 'delete', 'complete', 'read']
  const errors = ['UnknownError', 'InvalidStateError', 'AbortError']
  const cases = points.flatMap((point) => errors.map((error) => [point, error] as const))

  /** Sends, has something acknowledged and sends again, with a failure in between. */
  async function pass(given: ReturnType<typeof setUpStore>): Promise<void> {
    const { client, live, say, frames } = given
    for (let number = 0; number < 5; number++) client.send('a', number)
    await given.outbox.committed().catch(() => {})
    await live()
    await until(() => expect(frames()).toHaveLength(5))
    await say(['a', 2])
    client.send('a', 5)
    await given.outbox.committed().catch(() => {})
  }

  it.each(cases)('once, at %s with %s, is opened again, and has all', async (point, error) => {
    for (const after of [0, 1]) {
      const given = setUpStore()
      given.page.fail(point, named(error), 1, after)
      await pass(given)
      await until(async () => expect(await given.data()).toEqual([2, 3, 4, 5]))
      expect(given.frames().map(([, , , data]) => data)).toEqual([0, 1, 2, 3, 4, 5])
      expect(given.outbox.durability).toBe('disk')
      expect(given.troubles).toEqual([])
      expect(given.page.opens).toBeLessThanOrEqual(2)
    }
  })

  it.each(points.filter((point) => point !== 'read' && point !== 'delete'))(
    'always, at %s, is given up: all goes out from memory, and it is told once',
    async (point) => {
      const given = setUpStore()
      given.page.fail(point, named('UnknownError'), Infinity)
      await pass(given)
      expect(given.frames().map(([, , , data]) => data)).toEqual([0, 1, 2, 3, 4, 5])
      expect(given.outbox.durability).toBe('memory')
      expect(given.troubles).toMatchObject([{ what: 'failed', durability: 'memory' }])
      expect(given.page.opens).toBe(2)
      await expect(given.outbox.committed()).rejects.toMatchObject({ code: 'not-stored' })
      await given.say(['a', 6])
      expect(given.settled).toEqual(Array(6).fill('a delivered'))
      await expect(given.outbox.committed(), 'all has its outcome').resolves.toBeUndefined()
      await given.client.dispose()
    },
  )

  it('after it has worked, is given up as well, and what waited goes on', async () => {
    const given = setUpStore()
    await pass(given)
    given.page.fail('complete', named('UnknownError'), Infinity)
    given.client.send('a', 6)
    await expect(given.outbox.committed()).rejects.toMatchObject({ code: 'not-stored' })
    expect(given.frames().at(-1)![3]).toBe(6)
    expect(given.troubles).toHaveLength(1)
  })

  it('that the platform takes away is opened again', async () => {
    const { client, page, outbox, data } = setUpStore()
    client.send('a', 1)
    await outbox.committed()
    page.loseDatabase()
    await until(() => expect(page.opens).toBe(2))
    client.send('a', 2)
    await outbox.committed()
    expect(await data()).toEqual([1, 2])
    expect(outbox.durability).toBe('disk')
  })

  it('that somebody deletes does not stand in the way, and is filled again', async () => {
    const { client, origin, outbox, data } = setUpStore()
    client.send('a', 1)
    await outbox.committed()
    await new Promise<void>((resolve, reject) => {
      const deleting = origin.databases.deleteDatabase('holdfast:test')
      deleting.onsuccess = () => resolve()
      deleting.onblocked = () => reject(new Error('blocked'))
    })
    client.send('a', 2)
    await until(async () => expect(await data()).toEqual([1, 2]))
  })

  it('of a later version is left as it is, and told', async () => {
    const { client, origin, outbox, troubles, live, frames } = setUpStore()
    const opening = origin.databases.open('holdfast:test', 7)
    await new Promise((resolve) => (opening.onsuccess = resolve))
    opening.result.close()
    client.send('a', 1)
    await expect(outbox.committed()).rejects.toMatchObject({ cause: { name: 'VersionError' } })
    expect(troubles).toMatchObject([{ what: 'failed', durability: 'memory' }])
    await live()
    expect(frames()).toHaveLength(1)
    await client.dispose()
  })

  it('that another version takes over while it is open is given up, and stands in the way of nobody', async () => {
    const { client, origin, outbox, troubles, live, frames } = setUpStore()
    client.send('a', 1)
    await outbox.committed()
    const opening = origin.databases.open('holdfast:test', 2)
    await new Promise<void>((resolve, reject) => {
      opening.onsuccess = () => resolve()
      opening.onblocked = () => reject(new Error('a handle is open'))
    })
    await until(() => expect(troubles).toMatchObject([{ what: 'failed', durability: 'memory' }]))
    client.send('a', 2)
    await live()
    expect(frames().map(([, , , sent]) => sent)).toEqual([1, 2])
    opening.result.close()
    await client.dispose()
  })

  it.each([
    ['no object stores', () => {}],
    ['one object store', (made: DatabaseLike) => void made.createObjectStore('producers', { keyPath: 'id' })],
    [
      'other keys',
      (made: DatabaseLike) =>
        ['messages', 'producers'].forEach((name) => void made.createObjectStore(name, {} as never)),
    ],
    [
      'others of their members for keys',
      (made: DatabaseLike) =>
        ['messages', 'producers'].forEach((name) => void made.createObjectStore(name, { keyPath: 'key' })),
    ],
  ])('that was made by somebody else, with %s, is told, and all goes out', async (_, make) => {
    const { client, origin, outbox, troubles, live, frames } = setUpStore()
    const opening = origin.databases.open('holdfast:test', 1)
    opening.onupgradeneeded = () => make(opening.result)
    await new Promise((resolve) => (opening.onsuccess = resolve))
    opening.result.close()
    client.send('a', 1)
    await expect(outbox.committed()).rejects.toMatchObject({ code: 'not-stored' })
    await live()
    await until(() => expect(frames()).toHaveLength(1))
    expect(troubles).toMatchObject([{ what: 'failed', durability: 'memory' }])
    await client.dispose()
  })

  it('that never opens is waited for no longer than 5 s', async () => {
    const origin = createOrigin()
    const page = origin.page()
    const ports = { ...page.ports, databases: () => ({ open: () => ({}) as never }) }
    const { client, clock, outbox } = setUpStore({ origin, page, store: { ports } })
    client.send('a', 1)
    const committed = outbox.committed()
    committed.catch(() => {})
    await until(async () => {
      await clock.advance(5_000)
      expect(outbox.durability).toBe('memory')
    })
    await expect(committed).rejects.toMatchObject({ code: 'not-stored' })
  })
})

describe('a platform without room', () => {
  const isBig = (value: unknown): boolean => String((value as { text?: string }).text).includes('big')

  it('for one message keeps the others, tells, and sends it all the same', async () => {
    const { client, page, outbox, troubles, live, say, frames, data } = setUpStore()
    page.refuse(isBig)
    for (const text of ['a', 'b', 'big', 'c', 'd']) client.send('a', text)
    await expect(outbox.committed()).rejects.toMatchObject({
      code: 'not-stored',
      cause: { name: 'QuotaExceededError' },
    })
    expect(await data()).toEqual(['a', 'b', 'c', 'd'])
    expect(troubles).toMatchObject([{ what: 'quota', durability: 'disk' }])
    expect(page.opens).toBe(1)
    await live()
    await until(() => expect(frames()).toHaveLength(5))
    await say(['a', 5])
    await outbox.committed()
    expect(outbox.durability).toBe('disk')
  })

  it('for any message is not asked for each of a thousand', async () => {
    const { client, page, outbox, data } = setUpStore()
    page.refuse((value) => 'n' in (value as object))
    for (let number = 0; number < 1_000; number++) client.send('a', number)
    await expect(outbox.committed()).rejects.toMatchObject({ code: 'not-stored' })
    expect(await data()).toEqual([])
    expect(page.transactions).toBeLessThan(40)
    expect(client.stats().queuedMessages).toBe(1_000)
  })
})

describe('a platform without a database', () => {
  const broken = (): never => {
    throw named('SecurityError')
  }
  it.each([
    ['no IndexedDB', { databases: () => undefined }],
    ['no locks', { locks: () => undefined }],
    ['a database that must not be touched', { databases: broken }],
    ['no randomness', { randomBytes: broken }],
  ])('(%s) is told once, and everything goes out', async (_, ports) => {
    const origin = createOrigin()
    const page = origin.page()
    const { client, outbox, troubles, live, say, frames } = setUpStore({
      origin,
      page,
      store: { ports: { ...page.ports, ...ports } },
    })
    client.send('a', 1)
    client.send('a', 2)
    expect(outbox.durability).toBe('memory')
    await live()
    await until(() => expect(frames()).toHaveLength(2))
    expect(troubles).toMatchObject([{ what: 'unavailable', durability: 'memory' }])
    await expect(outbox.committed()).rejects.toMatchObject({ code: 'not-stored' })
    await say(['a', 2])
    await expect(outbox.committed(), 'all has its outcome').resolves.toBeUndefined()
    client.send('a', 3)
    await expect(outbox.committed()).rejects.toMatchObject({ code: 'not-stored' })
    await client.dispose()
  })

  it('that refuses a lock later on is told, and so is whoever waits for the disk', async () => {
    const origin = createOrigin()
    const page = origin.page()
    const locks = { request: () => Promise.reject(named('SecurityError')) }
    const { client, outbox, troubles } = setUpStore({
      origin,
      page,
      store: { ports: { ...page.ports, locks: () => locks } },
    })
    client.send('a', 1)
    await expect(outbox.committed()).rejects.toMatchObject({ code: 'not-stored' })
    expect(troubles).toMatchObject([{ what: 'unavailable', durability: 'memory' }])
    await client.dispose()
  })

  it('and without randomness sends messages without a producer, of which the server would drop the second', async () => {
    const origin = createOrigin()
    const page = origin.page()
    const ports = { ...page.ports, randomBytes: broken }
    const { client, live, frames } = setUpStore({ origin, page, store: { ports } })
    client.send('a', 1)
    client.send('a', 2)
    await live()
    expect(frames()).toEqual([
      [1, 0, 'a', 1],
      [2, 0, 'a', 2],
    ])
    await client.dispose()
  })

  it('reports what its `onTrouble` throws or rejects with', async () => {
    for (const onTrouble of [
      () => {
        throw new Error('mine')
      },
      () => Promise.reject(new Error('mine')),
    ]) {
      const { client, reported } = setUpStore({ store: { ports: {}, onTrouble } })
      client.send('a', 1)
      await until(() => expect(reported).toEqual([new Error('mine')]))
      await client.dispose()
    }
  })

  it('is Node, where the ports of browsers find nothing', async () => {
    const { client, outbox, troubles } = setUpStore({ store: { ports: {} } })
    client.send('a', 1)
    expect(outbox.durability).toBe('memory')
    expect(troubles).toHaveLength(1)
    await client.dispose()
  })
})

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

  it('and may have been handed on is unknown, whatever ends its second wait', async () => {
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

describe('a connection', () => {
  it('gets what waited once the database knows that it may have been written, and not before', async () => {
    const given = setUpStore()
    const { client, page, outbox, live, frames } = given
    client.send('a', 1)
    await outbox.committed()
    const release = page.hold()
    await live()
    client.send('a', 2)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(frames()).toEqual([])
    release()
    await until(() => expect(frames().map(([, , , sent]) => sent)).toEqual([1, 2]))
    const [producer] = await given.origin.records('test', 'producers')
    expect(producer).toMatchObject({ epoch: 'e1', written: 1 })
    const [, second] = await given.records()
    expect(second).toMatchObject({ n: 2, epoch: 'e1' })
  })

  it('does not wait longer than a second for a database that does not answer', async () => {
    const { client, clock, page, outbox, live, frames } = setUpStore()
    client.send('a', 1)
    await outbox.committed()
    const release = page.hold()
    await live()
    await clock.advance(900)
    expect(frames()).toEqual([])
    await clock.advance(200)
    expect(frames()).toHaveLength(1)
    release()
  })

  it('does not wait for what was never in the database', async () => {
    const { client, live, frames } = setUpStore()
    client.send('a', 1)
    await live()
    expect(frames()).toHaveLength(1)
  })

  it('is noted with every message that goes out before the database is open', async () => {
    const { client, page, outbox, live, frames, records } = setUpStore()
    for (let number = 0; number < 600; number++) client.send('a', number)
    await live()
    expect(frames().length).toBeGreaterThan(0)
    page.fail('complete', named('UnknownError'), Infinity, 1)
    await outbox.committed().catch(() => {})
    const found = await records()
    expect(found.length).toBeGreaterThan(0)
    expect(found.filter(({ epoch }) => epoch !== 'e1')).toEqual([])
  })

  it('of somebody else is never given what was sent after the last one, not even by the first transaction', async () => {
    const origin = createOrigin()
    const first = setUpStore({ origin })
    await first.live({ identity: 'ann' })
    await first.outbox.committed()
    first.page.kill()
    const second = setUpStore({ origin })
    second.client.send('a', 'secret')
    // Only the first transaction comes through.
    await until(() => expect(second.page.transactions).toBeGreaterThan(0))
    second.page.fail('complete', named('UnknownError'), Infinity)
    await until(async () => expect(await second.data()).toEqual(['secret']))
    second.page.kill()
    const third = setUpStore({ origin })
    await third.live({ identity: 'bob' })
    await until(() => expect(third.settled).toEqual(['a session-lost']))
    expect(third.frames()).toEqual([])
  })
})

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
