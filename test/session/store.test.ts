import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, ClientOptions } from 'holdfast'
import { store } from 'holdfast/store'
import type { DiskStore, StoreOptions, StoreTrouble } from 'holdfast/store'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createOrigin } from '../../packages/client/test/support/fake-page.ts'
import type { FakeOrigin, FakePage } from '../../packages/client/test/support/fake-page.ts'
import { startPair, until, upTo } from './pair.ts'
import type { Pair } from './pair.ts'

/** A page with a client, whose process can be ended. */
interface Visit {
  readonly client: Client
  readonly outbox: DiskStore
  readonly page: FakePage
  readonly troubles: StoreTrouble[]
  /** What became of messages, by name and outcome. */
  readonly settled: string[]
  kill(): void
}

function visit(
  pair: Pair,
  origin: FakeOrigin,
  options: Partial<ClientOptions> = {},
  storeOptions: Partial<StoreOptions> = {},
): Visit {
  const page = origin.page()
  const troubles: StoreTrouble[] = []
  const sockets = new Set<WebSocket>()
  class PageSocket extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      if (page.isDead) throw new Error('the page is gone')
      super(url, protocols)
      sockets.add(this)
    }
  }
  const outbox = store({
    name: 'test',
    ports: page.ports,
    onTrouble: (trouble) => void troubles.push(trouble),
    ...storeOptions,
  })
  const client = pair.client({ store: outbox, WebSocket: PageSocket as never, ...options })
  const settled: string[] = []
  client.watch('settled', ({ name, outcome }) => {
    settled.push(`${name} ${'reason' in outcome ? `${outcome.status}: ${outcome.reason}` : outcome.status}`)
  })
  return {
    client,
    outbox,
    page,
    troubles,
    settled,
    kill() {
      page.kill()
      for (const socket of sockets) socket.terminate()
    },
  }
}

function listenFor(pair: Pair, name = 'up'): unknown[] {
  const got: unknown[] = []
  pair.hub.on(name, (data) => void got.push(data))
  return got
}

describe('messages that a page leaves behind', () => {
  test('50 of them are sent by the next page, each once, in order', async () => {
    await using pair = await startPair()
    const origin = createOrigin()
    const got = listenFor(pair)
    const first = visit(pair, origin)
    for (const number of upTo(50)) first.client.send('up', number)
    await first.outbox.committed()
    first.kill()
    expect(await origin.records('test', 'messages')).toHaveLength(50)

    const second = visit(pair, origin)
    await second.client.connect()
    await until(() => second.settled.length === 50)
    expect(got).toEqual(upTo(50))
    expect(new Set(second.settled)).toEqual(new Set(['up delivered']))
    await second.outbox.committed()
    await until(() => !origin.isLocked(`holdfast:test:${''}`))
    await expect.poll(() => origin.records('test', 'messages')).toEqual([])
    await expect.poll(() => origin.records('test', 'lanes')).toHaveLength(1)
  })

  test('those that the server had before are not handed on again', async () => {
    await using pair = await startPair()
    const origin = createOrigin()
    const got = listenFor(pair)
    const first = visit(pair, origin)
    await first.client.connect()
    pair.proxy.freeze('toClient')
    for (const number of upTo(20)) first.client.send('up', number)
    await first.outbox.committed()
    await until(() => got.length === 20)
    first.kill()
    pair.proxy.heal()

    const second = visit(pair, origin)
    await second.client.connect()
    await until(() => second.settled.length === 20)
    expect(new Set(second.settled)).toEqual(new Set(['up delivered']))
    expect(got).toEqual(upTo(20))
  })

  test('what was sent while nobody was connected goes out after a restart of the server', async () => {
    const origin = createOrigin()
    {
      await using pair = await startPair()
      const first = visit(pair, origin)
      await first.client.connect()
      first.kill()
      const second = visit(pair, origin)
      second.client.send('up', 'offline')
      await second.outbox.committed()
      second.kill()
    }
    await using pair = await startPair()
    const got = listenFor(pair)
    const third = visit(pair, origin)
    await third.client.connect()
    await until(() => got.length === 1)
    expect(got).toEqual(['offline'])
  })

  test('what may have been written before the server restarted is told as unknown, and not sent', async () => {
    const origin = createOrigin()
    {
      await using pair = await startPair()
      const got = listenFor(pair)
      const first = visit(pair, origin)
      first.client.send('up', 'queued')
      await first.outbox.committed()
      await first.client.connect()
      await until(() => got.length === 1)
      pair.proxy.freeze('toClient')
      first.client.send('up', 'written')
      await until(() => got.length === 2)
      await first.outbox.committed()
      first.kill()
      pair.proxy.heal()
      const left = await origin.records('test', 'messages')
      expect(left.length).toBeGreaterThan(0)
    }
    await using pair = await startPair()
    const got = listenFor(pair)
    const second = visit(pair, origin)
    await second.client.connect()
    await until(() => second.settled.length > 0)
    expect(new Set(second.settled)).toEqual(new Set(['up unknown: session-lost']))
    await sleep(50)
    expect(got).toEqual([])
    await expect.poll(() => origin.records('test', 'messages')).toEqual([])
  })

  test('what waited when the connection came, and was written, is unknown after a restart too', async () => {
    const origin = createOrigin()
    {
      await using pair = await startPair()
      const got = listenFor(pair)
      const first = visit(pair, origin)
      first.client.send('up', 'queued')
      await first.outbox.committed()
      // The ack of it never comes.
      const handed = pair.hub.on('up', () => pair.proxy.freeze('toClient'))
      await first.client.connect()
      await until(() => got.length === 1)
      handed()
      first.kill()
      pair.proxy.heal()
    }
    await using pair = await startPair()
    const got = listenFor(pair)
    const second = visit(pair, origin)
    await second.client.connect()
    await until(() => second.settled.length > 0)
    expect(second.settled).toEqual(['up unknown: session-lost'])
    expect(got).toEqual([])
  })

  test('are not sent for somebody else', async () => {
    const authenticate = ({ token }: { token: string | undefined }) => ({ identity: token ?? null })
    await using pair = await startPair({ authenticate })
    const origin = createOrigin()
    const got = listenFor(pair)
    const first = visit(pair, origin, { token: () => 'ann' })
    await first.client.connect()
    await first.client.disconnect()
    first.client.send('up', 'secret')
    await first.outbox.committed()
    first.kill()

    const second = visit(pair, origin, { token: () => 'bob' })
    await second.client.connect()
    await until(() => second.settled.length > 0)
    expect(second.settled).toEqual(['up undelivered: session-lost'])
    await expect.poll(() => origin.records('test', 'messages')).toEqual([])
    expect(got).toEqual([])
  })

  test('are not touched while their page lives', async () => {
    await using pair = await startPair()
    const origin = createOrigin()
    const got = listenFor(pair)
    const first = visit(pair, origin)
    first.client.send('up', 'mine')
    await first.outbox.committed()
    const second = visit(pair, origin)
    await second.client.connect()
    await second.client.send('up', 'other')
    await sleep(50)
    expect(got).toEqual(['other'])
    await first.client.connect()
    await until(() => got.length === 2)
    expect(got).toEqual(['other', 'mine'])
  })
})

test('a page that is open sends what another one leaves when that is gone, without being told', async () => {
  await using pair = await startPair()
  const origin = createOrigin()
  const got = listenFor(pair)
  const first = visit(pair, origin)
  for (const number of upTo(50)) first.client.send('up', number)
  await first.outbox.committed()
  const second = visit(pair, origin)
  await second.client.connect()
  await second.client.send('up', 'own')
  await sleep(20)
  expect(got).toEqual(['own'])
  first.kill()
  await until(() => second.settled.length === 51)
  expect(got).toEqual(['own', ...upTo(50)])
})
