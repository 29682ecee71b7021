import { createClient, session } from 'holdfast'
import type { Client } from 'holdfast'
import { store } from 'holdfast/store'
import type { DiskStore, StoreTrouble } from 'holdfast/store'
import { expect, inject, onTestFinished, test } from 'vitest'
import { openRemotePair } from '../session/remote.ts'
import type { RemotePair } from '../session/remote.ts'

interface Opened {
  readonly client: Client
  readonly outbox: DiskStore
  readonly troubles: StoreTrouble[]
}

/** A client with a store, in this page. */
function open(pair: RemotePair, name: string): Opened {
  const troubles: StoreTrouble[] = []
  const outbox = store({ name, onTrouble: (trouble) => void troubles.push(trouble) })
  const client = createClient({ url: pair.url, wire: session(), store: outbox })
  onTestFinished(() => client.dispose())
  return { client, outbox, troubles }
}

const done = <Result>(request: IDBRequest<Result>): Promise<Result> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error!)
  })

async function records(name: string): Promise<Record<string, unknown>[]> {
  const database = await done(indexedDB.open(`holdfast:${name}`))
  const found = await done<unknown[]>(database.transaction('messages').objectStore('messages').getAll())
  database.close()
  return found as Record<string, unknown>[]
}

test('messages are in IndexedDB until the server has them, and so are bytes', async () => {
  await using pair = await openRemotePair(inject('sessionServerUrl'))
  const name = crypto.randomUUID()
  const { client, outbox, troubles } = open(pair, name)
  client.send('up', 1)
  client.send('bytes', new Uint8Array([1, 2, 3]), { durability: 'strict' })
  await outbox.committed()
  expect(await records(name)).toMatchObject([
    { n: 1, name: 'up' },
    { n: 2, data: new Uint8Array([1, 2, 3]) },
  ])
  const got = new Promise((resolve) => client.on('bytes', resolve))
  await client.connect()
  expect(await got).toEqual(new Uint8Array([1, 2, 3]))
  await expect.poll(() => records(name)).toEqual([])
  expect((await pair.report()).up).toEqual([1])
  expect(troubles).toEqual([])
})

test('a database that is deleted beneath the store is filled again', async () => {
  await using pair = await openRemotePair(inject('sessionServerUrl'))
  const name = crypto.randomUUID()
  const { client, outbox } = open(pair, name)
  client.send('up', 1)
  await outbox.committed()
  await done(indexedDB.deleteDatabase(`holdfast:${name}`))
  await expect.poll(() => records(name)).toMatchObject([{ n: 1 }])
  client.send('up', 2)
  await outbox.committed()
  expect(await records(name)).toMatchObject([{ n: 1 }, { n: 2 }])
  expect(outbox.durability).toBe('disk')
})

test('a database of a later version is left unchanged, and reported', async () => {
  await using pair = await openRemotePair(inject('sessionServerUrl'))
  const name = crypto.randomUUID()
  ;(await done(indexedDB.open(`holdfast:${name}`, 7))).close()
  const { client, outbox, troubles } = open(pair, name)
  client.send('up', 1)
  await expect(outbox.committed()).rejects.toMatchObject({ code: 'not-stored' })
  expect(troubles).toMatchObject([{ what: 'failed', durability: 'memory' }])
  await client.connect()
  await expect.poll(async () => (await pair.report()).up).toEqual([1])
})

test('a damaged row is reported and deleted, and the others are sent', async () => {
  await using pair = await openRemotePair(inject('sessionServerUrl'))
  const name = crypto.randomUUID()
  const first = open(pair, name)
  first.client.send('up', 0)
  await first.outbox.committed()
  await first.client.dispose()

  const producer = 'of-a-page-that-is-gone'
  const database = await done(indexedDB.open(`holdfast:${name}`))
  const transaction = database.transaction(['messages', 'producers'], 'readwrite')
  for (const n of [1, 2, 3]) {
    const text = `,"up",${n},{"producer":["${producer}",${n}]}`
    const at = Date.now()
    const row = { producer, n, name: 'up', text, bytes: text.length, at, expiresAt: at + 60_000, epoch: null }
    transaction.objectStore('messages').put(n === 2 ? { ...row, text: undefined } : row)
  }
  transaction.objectStore('producers').put({ id: producer, epoch: null, written: 0, taken: 0 })
  await new Promise((resolve) => (transaction.oncomplete = resolve))
  database.close()

  const { client, troubles } = open(pair, name)
  await client.connect()
  await expect.poll(() => records(name)).toEqual([])
  expect((await pair.report()).up).toEqual([1, 3])
  expect(troubles).toMatchObject([{ what: 'invalid', durability: 'disk' }])
})

test('dispose() leaves no lock, and no handle that would be in the way', async () => {
  await using pair = await openRemotePair(inject('sessionServerUrl'))
  const name = crypto.randomUUID()
  const { client, outbox } = open(pair, name)
  client.send('up', 1)
  await outbox.committed()
  const locked = async (): Promise<number> =>
    ((await navigator.locks.query()).held ?? []).filter((lock) => lock.name?.includes(name)).length
  expect(await locked()).toBe(1)
  await client.dispose()
  await expect.poll(locked).toBe(0)
  const deleting = indexedDB.deleteDatabase(`holdfast:${name}`)
  const blocked = new Promise((resolve) => (deleting.onblocked = () => resolve('blocked')))
  expect(await Promise.race([done(deleting).then(() => 'deleted'), blocked])).toBe('deleted')
})
