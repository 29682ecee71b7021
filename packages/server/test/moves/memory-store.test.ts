import { describe, expect, it } from 'vitest'
import type { SessionStoreNode } from '../../src/index.ts'
import { createMemoryStore } from '../../src/moves/memory-store.ts'
import { sessionStoreSuite } from './session-store-suite.ts'

const tombstoneTimeout = 86_400_000

sessionStoreSuite('memory', async () => {
  let now = 1_000_000
  return {
    store: createMemoryStore({ tombstoneTimeout, maxMailboxMessages: 10, now: () => now }),
    tombstoneTimeout,
    maxMailboxMessages: 10,
    missing: { status: 'unknown' },
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
  const node = store.open({ asked: () => {}, posted: () => {}, lost: () => {}, aborted: () => {} })
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

describe('a store in memory', () => {
  const cursors = { rx: 3, tx: 2, queued: 1 }
  const state = {
    text: 'x'.repeat(10),
    format: 1,
    identity: null,
    dials: { client: 'c', n: 1, others: [] },
    tombstone: cursors,
    mailbox: 0,
    running: [],
  }

  /** A store that takes three sessions of that size, and the time that passes for it. */
  const setUp = (): { readonly node: SessionStoreNode; pass(milliseconds: number): void } => {
    let now = 0
    const store = createMemoryStore({
      tombstoneTimeout,
      maxMailboxMessages: 10,
      maxParkedLength: 30,
      now: () => now,
    })
    const node = store.open({ asked: () => {}, posted: () => {}, lost: () => {}, aborted: () => {} })
    return { node, pass: (milliseconds) => void (now += milliseconds) }
  }
  const park = async (node: SessionStoreNode, id: string): Promise<void> => {
    await node.park(id, await node.begin(id, 'key'), state, 1_000)
  }
  const take = (node: SessionStoreNode, id: string): Promise<unknown> =>
    node.take(id, { keyHash: 'key', identity: null, client: 'c', n: 2 }, { format: 1 })

  it('has room again when what was parked has expired, has gone, or has ended', async () => {
    const { node, pass } = setUp()
    for (const id of ['a', 'b', 'c']) await park(node, id)
    pass(1_000)
    for (const id of ['d', 'e', 'f']) await park(node, id)
    // Whoever has read the mailbox has received what was parked.
    expect(await take(node, 'd')).toMatchObject({ status: 'yours' })
    await node.readMailbox('d', 0)
    await park(node, 'g')
    for (const id of ['e', 'f', 'g']) expect(await take(node, id)).toMatchObject({ status: 'yours' })
    for (const id of ['a', 'b', 'c'])
      expect(await take(node, id)).toEqual({ status: 'ended', tombstone: { ...cursors, why: 'expired' } })
  })

  it('has room again when the hub has left that was given a session', async () => {
    const { node } = setUp()
    for (let round = 0; round < 10; round++) {
      const id = `s${round}`
      await park(node, id)
      expect(await take(node, id)).toMatchObject({ status: 'yours' })
      await node.begin(id, 'key')
    }
    for (const id of ['a', 'b', 'c']) await park(node, id)
    expect(await take(node, 'a')).toMatchObject({ status: 'yours' })
  })

  it('takes no messages beyond its bound, whose answers find room once something is read', async () => {
    const { node } = setUp()
    await park(node, 'a')
    expect(await node.post('a', { text: 'x'.repeat(15) })).toBe('posted')
    expect(await node.post('a', { text: 'x'.repeat(6) })).toBe('full')
    expect(await take(node, 'a')).toMatchObject({ status: 'yours' })
    await node.readMailbox('a', 0)
    expect(await node.post('a', { text: 'x'.repeat(6) })).toBe('posted')
  })
})
