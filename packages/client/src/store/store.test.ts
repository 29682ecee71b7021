import { describe, expect, it } from 'vitest'
import { named } from '../../test/support/fake-page.ts'
import { setUpStore, until } from '../../test/support/set-up-store.ts'
import { setUp } from '../../test/support/set-up.ts'
import type { Delivery } from '../index.ts'
import { plain, session } from '../index.ts'
import { store } from './index.ts'

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
    expect(() => setUp({ wire: session(), store: outbox })).toThrow(/for each client/)
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
