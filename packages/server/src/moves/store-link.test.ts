import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createVirtualClock, settleMicrotasks } from '@holdfast/testing'
import { expect, it } from 'vitest'
import { createMemoryStore } from './memory-store.ts'
import type { SessionStoreNode } from './session-store.ts'
import { StoreLink } from './store-link.ts'

function setUp(changed: Partial<SessionStoreNode> = {}): { link: StoreLink; reported: unknown[] } {
  const store = createMemoryStore({ tombstoneTimeout: 1_000, maxMailboxMessages: 10, now: () => 0 })
  const node = store.open({ asked() {}, posted() {}, lost() {}, aborted() {} })
  const reported: unknown[] = []
  const link = new StoreLink(
    { isLasting: true, name: node.name, ...changed, close: () => node.close() } as SessionStoreNode,
    {
      clock: createVirtualClock(),
      counters: { brokerFailures: 0 },
      reportTrouble: (_, error) => reported.push(error),
    },
  )
  return { link, reported }
}

it('keeps nothing of a call that was answered', async () => {
  setFlagsFromString('--expose_gc')
  const collect = runInNewContext('gc') as () => void
  const { link } = setUp()
  let answer: object | undefined = {}
  const kept = new WeakRef(answer)
  await link.repeat(() => Promise.resolve(answer))
  answer = undefined
  // A WeakRef keeps its target until the turn is over.
  await new Promise((resolve) => setTimeout(resolve))
  collect()
  expect(kept.deref()).toBeUndefined()
})

it('answers the calls that are repeated when it is closed', async () => {
  const { link } = setUp()
  const calls = [
    link.repeat(() => new Promise(() => {})),
    link.repeat(() => Promise.reject(new Error('away'))),
  ]
  await settleMicrotasks()
  await link.close()
  expect(await Promise.all(calls)).toEqual([undefined, undefined])
  expect(await link.repeat(() => Promise.resolve(1))).toBeUndefined()
})
