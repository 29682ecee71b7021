import { beforeAll } from 'vitest'
import { WebSocket } from 'ws'
import { expectNothingLeft } from '../support/leaks.ts'
import { startRemoteServer } from './remote-server.ts'
import { sessionSuite } from './suite.ts'

expectNothingLeft('all')

let server = ''
let compressing = ''
beforeAll(async () => {
  const started = await startRemoteServer()
  const other = await startRemoteServer({ perMessageDeflate: { threshold: 0 } })
  server = started.url
  compressing = other.url
  return async () => {
    await started[Symbol.asyncDispose]()
    await other[Symbol.asyncDispose]()
  }
})

const platform = { server: () => server, run: { time: 1_500, rate: 200 } }
sessionSuite('the session wire on ws', { ...platform, WebSocket })
sessionSuite('the session wire on the WebSocket of Node', platform)
sessionSuite('the session wire with compression on ws', {
  ...platform,
  WebSocket,
  server: () => compressing,
})
sessionSuite('the session wire with compression on the WebSocket of Node', {
  ...platform,
  server: () => compressing,
})
