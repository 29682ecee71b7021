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
