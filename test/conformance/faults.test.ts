import { createVirtualClock } from '@holdfast/testing'
import { createClient, ping, plain } from 'holdfast'
import type { Client, ClientOptions, SocketConstructor, SocketLike } from 'holdfast'
import { describe, expect, test } from 'vitest'
import { WebSocket as WsSocket } from 'ws'
import { expectNothingLeft } from '../support/leaks.ts'
import { startProxy } from '../support/proxy.ts'
import type { Proxy } from '../support/proxy.ts'
import type { Room } from '../support/room.ts'
import { startServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'
import { next, reach, take } from '../support/stage.ts'

/** How long after a dial the next one may come: the default. */
const minDelay = 100

expectNothingLeft()

/** A server, a path to it that can break, and one client. */
interface Scene extends AsyncDisposable {
  readonly server: TestServer
  readonly proxy: Proxy
  readonly room: Room
  readonly client: Client
}

async function setScene(script: string, options: Partial<ClientOptions>): Promise<Scene> {
  const server = await startServer()
  const proxy = await startProxy(server.port)
  const client = createClient({ url: proxy.url + script, backoff: () => 20, ...options })
  return {
    server,
    proxy,
    room: server.room(),
    client,
    async [Symbol.asyncDispose]() {
      await client.dispose()
      await proxy[Symbol.asyncDispose]()
      await server.stop()
    },
  }
}

const interval = 150
const timeout = 150
const heartbeat = plain({
  heartbeat: ping({ message: '{"type":"ping"}', isReply: ({ type }) => type === 'ping', interval, timeout }),
})

const sendMany = (client: Client, count: number, from = 0): Promise<unknown>[] =>
  Array.from({ length: count }, async (_, index) => await client.send('n', { n: from + index }))

const numbers = (room: Room): number[] =>
  room.report().frames.flatMap((frame) => {
    const [, n] = /^{"type":"n","n":(\d+)/.exec(frame) ?? []
    return n === undefined ? [] : Number(n)
  })

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await run()
  return performance.now() - start
}

describe.each([
  { name: 'ws', WebSocket: WsSocket as SocketConstructor },
  { name: 'the WebSocket of Node', WebSocket: globalThis.WebSocket as SocketConstructor },
])('on $name', ({ WebSocket }) => {
  test('a refused connection is dialed again until it is let in', async () => {
    await using scene = await setScene('/echo', { WebSocket })
    const { client, proxy, room } = scene
    await proxy.refuse()
    const connected = client.connect()
    expect((await reach(client, 'waiting')).cause).toMatchObject({ reason: 'unreachable', code: 1006 })
    client.send('n', { n: 0 })
    await reach(client, 'connecting')
    await reach(client, 'waiting')
    await proxy.accept()
    await connected
    await room.until(({ frames }) => frames.length === 1)
    expect(client.state.attempt).toBeGreaterThan(2)
  })

  test.for(['cut', 'reset'] as const)('a TCP %s is noticed at once, and heals', async (fault) => {
    await using scene = await setScene('/echo', { WebSocket })
    const { client, proxy, room } = scene
    await client.connect()
    const down = next(client, 'down')
    proxy[fault]()
    expect(await down).toMatchObject({ reason: 'lost', code: 1006 })
    const sent = sendMany(client, 100)
    await Promise.all(sent)
    await room.until(({ frames }) => frames.length === 100)
    expect(numbers(room)).toEqual(upTo(100))
  })

  test.for(['both', 'toServer', 'toClient'] as const)(
    'a path that forwards nothing any more (%s) is noticed by the heartbeat, and heals',
    async (direction) => {
      await using scene = await setScene('/echo', { WebSocket, wire: heartbeat, attemptTimeout: 300 })
      const { client, proxy, room } = scene
      await client.connect()
      const echoed = take(client, 'n')
      await client.send('n', { n: 0 })
      await echoed
      const down = next(client, 'down')
      proxy.freeze(direction)
      const noticed = await timed(async () => expect(await down).toEqual({ reason: 'silent' }))
      expect(noticed).toBeGreaterThanOrEqual(timeout - 5)
      expect(noticed).toBeLessThan(10 * (interval + timeout))

      // Dials go into the hole too, until their time is up.
      const sent = sendMany(client, 100, 1)
      await reach(client, 'connecting')
      expect((await reach(client, 'waiting')).cause).toEqual({ reason: 'timeout' })
      const opened = next(client, 'open')
      proxy.heal()
      await opened
      await Promise.all(sent)
      await room.until(({ frames }) => frames.length >= 101)
      expect(numbers(room)).toEqual(upTo(101))
    },
  )

  test('a path that stands still for less than the heartbeat allows is kept, with all that was sent', async () => {
    const patient = plain({ heartbeat: ping({ message: 'ping', isReply: () => false, interval: 60_000 }) })
    await using scene = await setScene('/mute', { WebSocket, wire: patient })
    const { client, proxy, room } = scene
    await client.connect()
    proxy.freeze()
    const sent = sendMany(client, 1_000)
    client.send('big', { text: 'x'.repeat(1_000_000) })
    await Promise.all(sent)
    proxy.heal()
    await room.until(({ frames }) => frames.length === 1_001)
    expect(numbers(room)).toEqual(upTo(1_000))
    expect(client.stats().opens).toBe(1)
  })

  test('attempts without an answer get more time, and never overlap', async () => {
    let connecting = 0
    const sockets: SocketLike[] = []
    function Counted(url: string, protocols?: string[]): SocketLike {
      const socket = new WebSocket(url, protocols)
      sockets.push(socket)
      connecting = Math.max(connecting, sockets.filter(({ readyState }) => readyState === 0).length)
      return socket
    }
    const clock = createVirtualClock()
    const ports = { clock }
    await using scene = await setScene('/never', { WebSocket: Counted as never, attemptTimeout: 120, ports })
    const { client, room } = scene
    void client.connect()
    for (const [index, factor] of [1, 2, 3, 3].entries()) {
      await room.until(({ dials }) => dials === index + 1)
      await clock.advance(factor * 120 - 1)
      expect(client.state.status).toBe('connecting')
      await clock.advance(1)
      expect(client.state).toMatchObject({ status: 'waiting', cause: { reason: 'timeout' } })
      await clock.advance(20)
    }
    await room.until(({ dials }) => dials === 5)
    room.script = '/echo'
    const reconnected = client.reconnect()
    await clock.advance(minDelay)
    await reconnected
    expect(connecting).toBe(1)
    const { most } = await room.until(({ live }) => live === 1)
    expect(most).toBeLessThanOrEqual(2) // The server may be notified of the end of the last after the beginning of the next.
  })

  test('a server that restarts on its port is found again, with the queue in order', async () => {
    await using scene = await setScene('/echo', { WebSocket })
    const { client, server, room } = scene
    await client.connect()
    await Promise.all(sendMany(client, 10))
    await room.until(({ frames }) => frames.length === 10)
    const down = next(client, 'down')
    await server.stop()
    await down
    const sent = sendMany(client, 100, 10)
    await reach(client, 'connecting')
    await reach(client, 'waiting')
    await server.start()
    await Promise.all(sent)
    await room.until(({ frames }) => frames.length === 110)
    expect(numbers(room)).toEqual(upTo(110))
  })

  test('a server that answers no close is left behind: disconnect() takes 2 s, a new connection no time', async () => {
    const clock = createVirtualClock()
    await using scene = await setScene('/deaf', { WebSocket, ports: { clock } })
    const { client, room } = scene
    await client.connect()
    const down = next(client, 'down')
    // The clock stands still, so nothing waits for time to pass.
    await clock.advance(minDelay)
    await client.reconnect()
    expect(await down).toEqual({ reason: 'reconnect' })

    await clock.advance(minDelay)
    const gone = client.disconnect()
    expect(client.state.status).toBe('closing')
    await client.connect()
    await gone

    const closed = client.disconnect()
    await clock.advance(1_999)
    expect(client.state.status).toBe('closing')
    await clock.advance(1)
    await closed
    expect(client.state).toMatchObject({ status: 'closed', cause: { reason: 'disconnect' } })
    expect(room.report().dials).toBe(3)
  })

  test('a cut in the middle of a flush loses at most what was on its way, and repeats nothing', async () => {
    await using scene = await setScene('/mute', { WebSocket })
    const { client, proxy, room } = scene
    const count = 10_000
    const text = 'x'.repeat(500)
    const sent = upTo(count).map((n) => client.send('n', { n, text }))
    const written = next(client, 'down').then(() => client.stats().sentMessages)
    void client.connect()
    await room.until(({ frames }) => frames.length > 0)
    proxy.cut()
    const first = await written
    expect(first).toBeLessThan(count)
    for (const delivery of sent) expect(await delivery).toEqual({ status: 'sent' })
    await client.send('end')
    await room.until(({ frames }) => frames.at(-1) === '{"type":"end"}')
    const arrived = numbers(room)
    expect(arrived.every((n, index) => index === 0 || n > arrived[index - 1]!)).toBe(true)
    expect(arrived.filter((n) => n >= first)).toEqual(upTo(count).slice(first))
    expect(client.stats().sentMessages).toBe(count + 1)
  })
})

test('a queue of 10,000 that filled while the server was away arrives in order and once', async () => {
  await using scene = await setScene('/mute', { WebSocket: WsSocket })
  const { client, proxy, room } = scene
  await client.connect()
  await proxy.refuse()
  proxy.cut()
  await reach(client, 'waiting')
  const sent = sendMany(client, 10_000)
  expect(client.stats().queuedMessages).toBe(10_000)
  expect(await client.send('n', { n: -1 })).toEqual({ status: 'undelivered', reason: 'overflow' })
  await proxy.accept()
  await Promise.all(sent)
  await room.until(({ frames }) => frames.length >= 10_000)
  client.send('end')
  await room.until(({ frames }) => frames.at(-1) === '{"type":"end"}')
  expect(numbers(room)).toEqual(upTo(10_000))
  expect(client.stats()).toMatchObject({ queuedMessages: 0, queuedBytes: 0, sentMessages: 10_001 })
})

test('a server that floods is heard in order, and still counts as alive', async () => {
  const count = 20_000
  await using scene = await setScene(`/flood?count=${count}`, { WebSocket: WsSocket, wire: heartbeat })
  const { client } = scene
  const flood = take(client, 'flood', count)
  const cause = next(client, 'down')
  await client.connect()
  expect((await flood).map((event) => (event as { n: number }).n)).toEqual(upTo(count))
  expect(client.stats().opens).toBe(1)
  // It answers no heartbeat, so it is left once it falls silent.
  expect(await cause).toEqual({ reason: 'silent' })
})

test('a server that talks is not asked whether it lives, and any word of it will do for an answer', async () => {
  await using scene = await setScene('/mute', { WebSocket: WsSocket, wire: heartbeat })
  const { client, room } = scene
  await client.connect()
  const [socket] = room.sockets
  const moments = [performance.now()]
  client.on('news', () => void moments.push(performance.now()))
  const heard = take(client, 'news', 20)
  const talk = setInterval(() => socket!.send('{"type":"news"}'), 25)
  await heard.finally(() => clearInterval(talk))
  // A machine that is busy makes the server silent for a while, and then it is asked.
  const silences = moments.slice(1).filter((at, index) => at - moments[index]! > interval / 2)
  const asked = room.report().frames.length
  expect(asked).toBeLessThanOrEqual(silences.length)

  socket!.on('message', () => socket!.send('{"type":"news"}'))
  const { frames } = await room.until((report) => report.frames.length === asked + 4)
  expect(new Set(frames)).toEqual(new Set(['{"type":"ping"}']))
  expect(client.stats()).toMatchObject({ opens: 1, rtt: undefined })
})

test('a server that does not read holds the queue up, not the memory of the socket', async () => {
  const highWaterBytes = 1_000_000
  const outbox = { highWaterBytes, maxBytes: 64_000_000 }
  await using scene = await setScene('/deaf', { WebSocket: WsSocket, outbox })
  const { client, proxy, room } = scene
  await client.connect()
  const count = 300
  const text = 'x'.repeat(99_950)
  for (let n = 0; n < count; n++) client.send('n', { n, text })
  // Until all that is between here and there is full, however long a busy machine takes for that.
  let stuckAt = -1
  while (client.stats().sentMessages > stuckAt) {
    stuckAt = client.stats().sentMessages
    await expect(client.drained({ signal: AbortSignal.timeout(500) })).rejects.toMatchObject({
      code: 'aborted',
    })
  }
  const { bufferedBytes, queuedMessages, sentMessages } = client.stats()
  expect(bufferedBytes).toBeGreaterThan(0)
  expect(bufferedBytes).toBeLessThan(highWaterBytes + 100_100)
  expect(queuedMessages).toBe(count - sentMessages)
  expect(queuedMessages).toBeGreaterThan(50)

  room.script = '/mute'
  proxy.reset()
  await room.until(({ frames }) => frames.length === queuedMessages)
  expect(numbers(room)).toEqual(upTo(count).slice(sentMessages))
  await client.drained()
  expect(client.stats()).toMatchObject({ queuedBytes: 0, bufferedBytes: 0, opens: 2 })
})

test('twenty cuts in a row lose nothing that was not on its way, and repeat nothing', async () => {
  await using scene = await setScene('/echo', { WebSocket: WsSocket, backoff: () => 5 })
  const { client, proxy, room } = scene
  await client.connect()
  let sent = 0
  for (let cut = 0; cut < 20; cut++) {
    const down = next(client, 'down')
    for (let burst = 0; burst < 5; burst++) client.send('n', { n: sent++ })
    if (cut % 2) proxy.cut()
    else proxy.reset()
    for (let burst = 0; burst < 5; burst++) client.send('n', { n: sent++ })
    await down
    const opened = next(client, 'open')
    for (let burst = 0; burst < 5; burst++) client.send('safe', { n: sent++ })
    await opened
  }
  client.send('end')
  const { frames } = await room.until((report) => report.frames.at(-1) === '{"type":"end"}')
  const arrived = frames.slice(0, -1).map((frame) => JSON.parse(frame) as { type: string; n: number })
  expect(arrived.every(({ n }, index) => index === 0 || n > arrived[index - 1]!.n)).toBe(true)
  // Sent while down, flushed on the next connection, which is then cut in its turn: at least the last round is whole.
  expect(arrived.slice(-5).map(({ type }) => type)).toEqual(Array(5).fill('safe'))
  expect(client.stats().opens).toBe(21)
})
