import { describe, expect, it } from 'vitest'
import { createOrigin, named } from '../../test/support/fake-page.ts'
import { setUpStore, until } from '../../test/support/set-up-store.ts'

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
