// The suite of stores of sessions over a cluster of three primaries.
import { afterAll, beforeAll } from 'vitest'
import { sessionStoreSuite } from '../../packages/server/test/moves/session-store-suite.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { RedisCluster } from '../support/redis-cluster.ts'
import { createStore } from './session-stores.ts'

expectNothingLeft('all')

let cluster: RedisCluster
let count = 0
beforeAll(async () => {
  cluster = await RedisCluster.start()
})
afterAll(() => cluster[Symbol.asyncDispose]())

sessionStoreSuite('a cluster', async () => createStore(cluster.client, cluster.primaries, `s${++count}`))
