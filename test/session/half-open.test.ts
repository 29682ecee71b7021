import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientOptions } from 'holdfast'
import { describe, expect, test } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import { startProxy } from '../support/proxy.ts'
import type { Direction, Proxy } from '../support/proxy.ts'
import { next } from '../support/stage.ts'
import { outcomes, startPair, until } from './pair.ts'
import type { Pair } from './pair.ts'

expectNothingLeft('all')

const directions: readonly (Direction | 'both')[] = ['toServer', 'toClient', 'both']

describe('a path that goes dead silently', () => {
  test.concurrent.each(directions)(
    'is noticed within seconds when something is sent, and that arrives once: %s',
    async (direction) => {
      await using scene = await setScene()
      const { client, peer, up, down, old } = scene
      scene.detour()
      old.freeze(direction)
      const sent = [client.send('up', 1), client.send('up', 2)]
      const answered = [peer.send('down', 1), peer.send('down', 2)]
      const cause = await next(client, 'down')
      expect(cause).toEqual({ reason: 'silent' })

      expect(await next(client, 'open')).toMatchObject({ resumed: true })
      expect(await outcomes([...sent, ...answered])).toEqual(Array(4).fill('delivered'))
      old.heal()
      await scene.settle()
      expect(up).toEqual([0, 1, 2, 'end'])
      expect(down).toEqual([0, 1, 2, 'end'])
      await until(() => scene.pair.hub.stats().connections === 1)
      expect(scene.pair.hub.stats()).toMatchObject({ sessions: 1, resumed: 1 })
    },
  )

  test.concurrent('is noticed as well when it still brings messages, and only takes none', async () => {
    await using scene = await setScene()
    const { client, peer, up, down, old } = scene
    scene.detour()
    old.freeze('toServer')
    const sent = client.send('up', 1)
    const ended = next(client, 'down')
    let count = 0
    const traffic = setInterval(() => void peer.send('down', ++count), 200)
    const cause = await ended.finally(() => clearInterval(traffic))
    expect(cause).toEqual({ reason: 'silent' })
    expect(await outcomes([sent])).toEqual(['delivered'])
    old.heal()
    await scene.settle()
    expect(up).toEqual([0, 1, 'end'])
    expect(down).toEqual([...Array(count + 1).keys(), 'end'])
  })

  test.concurrent('is noticed by a request, which is carried out once', async () => {
    await using scene = await setScene()
    const { client, old, pair } = scene
    let calls = 0
    pair.hub.handle('count', () => ++calls)
    scene.detour()
    old.freeze('toClient')
    expect(await client.request('count')).toBe(1)
    expect(await client.request('count')).toBe(2)
  })

  test.concurrent('is noticed by a server that is told to ping often', async () => {
    await using scene = await setScene({ pingInterval: 300 })
    const { client, peer, up, down, old, pair } = scene
    const gone = new Promise((resolve) => pair.hub.watch('down', resolve))
    scene.detour()
    old.freeze()
    expect(await gone).toMatchObject({ code: 1006, reason: 'silent' })
    expect(peer.isConnected).toBe(false)
    const answered = peer.send('down', 1)
    await client.reconnect()
    expect(await outcomes([answered])).toEqual(['delivered'])
    await scene.settle()
    expect([up, down]).toEqual([
      [0, 'end'],
      [0, 1, 'end'],
    ])
  })
})

describe('a client that is back before the server noticed', () => {
  test.concurrent.each(directions)(
    'has one peer, and nothing of the old socket is taken any more: %s',
    async (direction) => {
      await using scene = await setScene()
      const { client, peer, up, down, old, pair } = scene
      const ends: unknown[] = []
      pair.hub.watch('down', ({ code, reason }) => ends.push([code, reason]))
      scene.detour()
      old.freeze(direction)
      const sent = [client.send('up', 1), client.send('up', 2)]
      const answered = [peer.send('down', 1), peer.send('down', 2)]
      // Written, before the client turns to another path.
      await until(() => client.stats().unacknowledgedMessages === 2)
      const opened = next(client, 'open')
      await client.reconnect()
      expect(await opened).toMatchObject({ resumed: true })
      expect(ends).toEqual([[1000, 'superseded']])
      expect([...pair.hub.peers.values()]).toEqual([peer])
      expect(pair.hub.stats().connected).toBe(1)
      expect(await outcomes([...sent, ...answered])).toEqual(Array(4).fill('delivered'))

      // What was under way on the old path arrives now, at both ends.
      old.heal()
      await scene.settle()
      expect(up).toEqual([0, 1, 2, 'end'])
      expect(down).toEqual([0, 1, 2, 'end'])
      await until(() => pair.hub.stats().connections === 1)
      expect(client.stats().opens).toBe(2)
    },
  )

  test.concurrent('again and again, on a path that is dead each time', async () => {
    await using scene = await setScene()
    const { client, peer, up, down, old } = scene
    const expected: unknown[] = [0]
    for (let round = 1; round <= 20; round++) {
      expected.push(round)
      old.freeze(directions[round % 3])
      client.send('up', round)
      peer.send('down', round)
      await sleep(2)
      old.heal()
      await client.reconnect()
    }
    await scene.settle()
    expect(up).toEqual([...expected, 'end'])
    expect(down).toEqual([...expected, 'end'])
    expect(scene.pair.hub.peers.size).toBe(1)
  })
})

interface Scene extends AsyncDisposable, Awaited<ReturnType<Pair['join']>> {
  readonly pair: Pair
  readonly up: unknown[]
  readonly down: unknown[]
  /** The path of the first connection. */
  readonly old: Proxy
  /** From now on the client dials on another path. */
  detour(): void
  /** Sends one more each way, and waits for it: whatever was sent before has arrived by then. */
  settle(): Promise<void>
}

/**
 * A client with a session in which one message went each way, so that it knows how long a round trip takes. Pings come too
 * rarely to be what a dead path is noticed by, within the time that a test has.
 */
async function setScene(options: Parameters<typeof startPair>[0] = {}): Promise<Scene> {
  await using stack = new AsyncDisposableStack()
  const pair = stack.use(await startPair({ pingInterval: 600_000, ...options }))
  const around = stack.use(await startProxy(pair.port))
  let path = pair.proxy
  const url: ClientOptions['url'] = () => `${path.url}/ws`
  const { client, peer } = await pair.join({ url, backoff: () => 50 })
  const up: unknown[] = []
  const down: unknown[] = []
  pair.hub.on('up', (data) => up.push(data))
  client.on('down', (data) => down.push(data))
  const exchange = async (data: unknown): Promise<void> => {
    expect(await outcomes([client.send('up', data), peer.send('down', data)])).toEqual([
      'delivered',
      'delivered',
    ])
  }
  await exchange(0)
  const owned = stack.move()
  return {
    pair,
    client,
    peer,
    up,
    down,
    old: pair.proxy,
    detour: () => void (path = around),
    settle: () => exchange('end'),
    async [Symbol.asyncDispose]() {
      around.heal()
      await owned.disposeAsync()
    },
  }
}
