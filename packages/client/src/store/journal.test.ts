import { describe, expect, it } from 'vitest'
import { createOrigin, named } from '../../test/support/fake-page.ts'
import type { FaultPoint } from '../../test/support/fake-page.ts'
import { setUpStore, until } from '../../test/support/set-up-store.ts'
import type { DatabaseLike } from './index.ts'

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
