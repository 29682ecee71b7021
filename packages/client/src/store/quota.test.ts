import { describe, expect, it } from 'vitest'
import { setUpStore, until } from '../../test/support/set-up-store.ts'

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
