import { createVirtualClock } from '@holdfast/testing'
import { createClient, HoldfastError } from 'holdfast'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { expectNothingLeft } from '../support/leaks.ts'
import { startServer } from '../support/server.ts'
import { reach } from '../support/stage.ts'
import { misuse, setScene, thrown } from './suite/scene.ts'

expectNothingLeft()

test.for(['ftp://localhost', 'mailto:x@y', 'ws://localhost:99999', 'ws://', 'ws://a b/', null, 5, {}])(
  'the URL %j throws when the client is made',
  (url) => {
    expect(() => createClient({ url: url as string, WebSocket })).toThrow(misuse)
  },
)

test.for(['/ws', '', 'localhost/ws'])('the relative URL %j throws where there is no page', async (url) => {
  await using client = createClient({ url, WebSocket })
  expect(() => client.connect()).toThrow(misuse)
  expect(client.state.status).toBe('idle')
})

test('a url function that gives no URL is the end, one that throws is asked again', async () => {
  await using client = createClient({ url: () => 'ftp://localhost', WebSocket, backoff: () => 5 })
  await expect(client.connect()).rejects.toMatchObject({
    code: 'connect-failed',
    cause: { reason: 'url', error: misuse },
  })

  let asked = 0
  await using retried = createClient({
    url: () => {
      if (++asked < 3) throw new Error('not yet')
      return 'ftp://localhost'
    },
    WebSocket,
    backoff: () => 5,
  })
  await expect(retried.connect()).rejects.toMatchObject({ code: 'connect-failed' })
  expect(asked).toBe(3)
})

test('a token function that fails with the error of another client is retried like any', async () => {
  await using server = await startServer()
  const reasons: string[] = []
  await using client = createClient({
    url: `${server.url}/echo`,
    WebSocket,
    backoff: () => 5,
    token: ({ reason }) => {
      if (reasons.push(reason) < 3) throw new HoldfastError('timeout', 'no answer in 30000 ms')
      return 'token'
    },
  })
  await client.connect()
  expect(reasons).toEqual(['connect', 'connect', 'connect'])
})

test('a token function that takes longer than an attempt is not asked again meanwhile', async () => {
  let running = 0
  let most = 0
  await using client = createClient({
    url: 'ws://localhost:1',
    WebSocket,
    attemptTimeout: 20,
    backoff: () => 5,
    token: async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 120))
      running--
      return 'token'
    },
  })
  void client.connect()
  for (let attempt = 1; attempt < 4; attempt++) {
    await reach(client, 'waiting')
    await reach(client, 'connecting')
  }
  expect(most).toBe(1)
})

test('a runtime without a WebSocket class is told so, at once', async () => {
  const global = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket')!
  Reflect.deleteProperty(globalThis, 'WebSocket')
  try {
    await using client = createClient({ url: 'ws://localhost:1' })
    const error = thrown(() => client.connect())
    expect(error).toMatchObject({ code: 'no-websocket' })
    expect(() => client.reconnect()).toThrow(error)
    expect(client.state.status).toBe('idle')
    expect(client.send('x').outcome).toBeUndefined()
  } finally {
    Object.defineProperty(globalThis, 'WebSocket', global)
  }
})

test('subprotocols that no socket takes are the end, not a loop', async () => {
  await using client = createClient({ url: 'ws://localhost:1', protocols: ['not allowed'], WebSocket })
  await expect(client.connect()).rejects.toMatchObject({
    code: 'connect-failed',
    cause: { reason: 'blocked' },
  })
})

test('numbers that make no sense throw when the client is made', () => {
  const url = 'ws://localhost'
  for (const value of [-1, NaN, 'x' as never]) {
    expect(() => createClient({ url, attemptTimeout: value })).toThrow(misuse)
    expect(() => createClient({ url, backoff: { minDelay: value } })).toThrow(misuse)
    expect(() => createClient({ url, outbox: { maxMessages: value } })).toThrow(misuse)
  }
})

test.for([
  'fatal',
  null,
  {},
  { reason: 'kicked', action: 'stop' },
  { reason: 'kicked', delay: 5_000 },
  { reason: 'kicked', delay: [5_000, 0] },
  { reason: 'kicked', delay: [-1, 0] },
  { reason: 'kicked', limit: -1 },
])('the close rule %j throws when the client is made', (rule) => {
  const url = 'ws://localhost'
  expect(() => createClient({ url, closeCodes: { 4100: rule as never }, WebSocket })).toThrow(misuse)
  expect(() => createClient({ url, closeCodes: { 4100: undefined as never }, WebSocket })).not.toThrow()
})

test.for([
  { what: 'throws', backoff: (): number => expect.unreachable('backoff') },
  { what: 'gives NaN', backoff: () => NaN },
  { what: 'gives nothing', backoff: () => undefined as never },
])(
  'a backoff function that $what neither stops the client nor makes it dial in a loop',
  async ({ backoff }) => {
    const clock = createVirtualClock()
    await using scene = await setScene({ backoff, ports: { clock, report() {} } })
    const { client, room } = scene
    const left = reach(client, 'waiting', 'connecting', 'closed')
    room.cut()
    await left
    await clock.advance(60)
    expect(room.report().dials).toBeLessThan(3)
    expect(client.state.status).not.toBe('open')
  },
)
