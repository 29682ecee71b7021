// The suite of stores of sessions over a real Redis.
import { afterAll, beforeAll } from 'vitest'
import { sessionStoreSuite } from '../../packages/server/test/moves/session-store-suite.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { RedisServer } from '../support/redis-server.ts'
import { createStore } from './session-stores.ts'

expectNothingLeft('all')

let server: RedisServer
let count = 0
beforeAll(async () => {
  server = await RedisServer.start()
})
afterAll(() => server[Symbol.asyncDispose]())

sessionStoreSuite('Redis', async () => createStore(server.client, [server], `s${++count}`))
