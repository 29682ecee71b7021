import { beforeAll } from 'vitest'
import { WebSocket } from 'ws'
import { expectNothingLeft } from '../support/leaks.ts'
import { startRemoteServer } from './remote-server.ts'
import { sessionSuite } from './suite.ts'

expectNothingLeft('all')

let server = ''
beforeAll(async () => {
  const started = await startRemoteServer()
  server = started.url
  return () => started[Symbol.asyncDispose]()
})

const platform = { server: () => server, run: { time: 1_500, rate: 200 } }
sessionSuite('the session wire on ws', { ...platform, WebSocket })
sessionSuite('the session wire on the WebSocket of Node', platform)
