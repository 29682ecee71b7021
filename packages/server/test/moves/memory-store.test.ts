import { expect, it } from 'vitest'
import { createMemoryStore } from '../../src/moves/memory-store.ts'
import { sessionStoreSuite } from './session-store-suite.ts'

const tombstoneTimeout = 86_400_000

sessionStoreSuite('memory', async () => {
  let now = 1_000_000
  return {
    store: createMemoryStore({ tombstoneTimeout, maxMailboxMessages: 10, now: () => now }),
    tombstoneTimeout,
    maxMailboxMessages: 10,
    async pass(milliseconds) {
      now += milliseconds
    },
    async settle() {
      await Promise.resolve()
    },
    async [Symbol.asyncDispose]() {},
  }
})

it('a store in memory ends what was parked first when too much is parked', async () => {
  const store = createMemoryStore({
    tombstoneTimeout,
    maxMailboxMessages: 10,
    maxParkedLength: 25,
    now: () => 0,
  })
  const node = store.open({ asked: () => {}, posted: () => {}, lost: () => {} })
  const rest = {
    format: 1,
    identity: null,
    dials: { client: 'c', n: 1, others: [] },
    mailbox: 0,
    running: [],
  }
  const tombstone = { rx: 3, tx: 2, queued: 1 }
  for (const id of ['a', 'b', 'c']) {
    const token = await node.begin(id, 'key')
    await node.park(id, token, { ...rest, text: 'x'.repeat(10), tombstone }, 1_000)
  }
  const claim = { keyHash: 'key', identity: null, client: 'c', n: 2 }
  const take = (id: string): Promise<unknown> => node.take(id, claim, { format: 1 })
  expect(await take('a')).toEqual({ status: 'ended', tombstone: { ...tombstone, why: 'overflow' } })
  expect(await take('b')).toMatchObject({ status: 'yours' })
  expect(await take('c')).toMatchObject({ status: 'yours' })
})
