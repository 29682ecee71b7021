import { describe, expect, it } from 'vitest'
import { createOrigin, named } from '../../test/support/fake-page.ts'
import { setUpStore, until } from '../../test/support/set-up-store.ts'

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
