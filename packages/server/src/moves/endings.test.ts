import { createVirtualClock } from '@holdfast/testing'
import { expect, it } from 'vitest'
import { Endings } from './endings.ts'
import { createMemoryStore } from './memory-store.ts'
import { OwnedSession } from './owned-session.ts'
import type { SessionStoreNode } from './session-store.ts'
import { StoreLink } from './store-link.ts'

it('sessions that end while the store is away are known to it later, up to a bound', async () => {
  const clock = createVirtualClock()
  const store = createMemoryStore({ tombstoneTimeout: 1_000, maxMailboxMessages: 10, now: () => 0 })
  const node = store.open({ asked() {}, posted() {}, lost() {}, aborted() {} })
  let isAway = true
  const ended: string[] = []
  const link = new StoreLink(
    {
      begin: (id: string, keyHash: string) =>
        isAway ? Promise.reject(new Error('away')) : node.begin(id, keyHash),
      end: (...args: Parameters<SessionStoreNode['end']>) => (ended.push(args[0]), node.end(...args)),
    } as SessionStoreNode,
    { clock, counters: { brokerFailures: 0 }, reportTrouble: () => {} },
  )
  const endings = new Endings(2)
  for (const id of ['a', 'b', 'c']) {
    const owned = new OwnedSession(link, id, 'key')
    owned.begin()
    endings.add(owned, { why: 'closed', rx: 1, tx: 1, queued: 0 })
  }
  await clock.advance(60_000)
  isAway = false
  await clock.advance(60_000)
  await endings.over
  expect(ended).toEqual(['b', 'c'])
  expect(clock.pending).toBe(0)
})
