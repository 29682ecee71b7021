import { createClient, session } from 'holdfast'
import type { Client, ClientOptions, Delivery, SocketConstructor } from 'holdfast'
import { describe, expect, test, vi } from 'vitest'
import { next, take } from '../support/stage.ts'
import { openRemotePair } from './remote.ts'
import type { RemotePair } from './remote.ts'
import { perSecond } from './traffic.ts'

/** Where the suite runs: in Node with a class of sockets, or in a page. */
export interface SessionPlatform {
  readonly WebSocket?: SocketConstructor
  /** The address of what hands out pairs. */
  server(): string
  /** How long the run with cuts takes, in milliseconds, and how many messages a second go each way. */
  readonly run: { readonly time: number; readonly rate: number }
}

/** A client of a pair, which is disposed of with it. */
export interface RemoteScene extends AsyncDisposable {
  readonly pair: RemotePair
  readonly client: Client
}

export async function setRemoteScene(
  { WebSocket, server }: SessionPlatform,
  options: Partial<ClientOptions> = {},
): Promise<RemoteScene> {
  const pair = await openRemotePair(server())
  const client = createClient({
    url: pair.url,
    wire: session(),
    backoff: () => 20,
    ...(WebSocket && { WebSocket }),
    ...options,
  })
  await client.connect()
  return {
    pair,
    client,
    async [Symbol.asyncDispose]() {
      await client.dispose()
      await pair[Symbol.asyncDispose]()
    },
  }
}

/** What the session wire does on every class of sockets, against a real server behind a real proxy. */
export function sessionSuite(name: string, platform: SessionPlatform): void {
  describe.concurrent(name, () => {
    test('events, requests, text and bytes go both ways', async () => {
      await using scene = await setRemoteScene(platform)
      const { client, pair } = scene
      const raw: unknown[] = []
      client.onRaw((data) => raw.push(data))
      const bytes = Uint8Array.of(0, 1, 255)
      const echoed = take(client, 'bytes')
      client.handle('double', (input) => (input as number) * 2)
      expect(await Promise.all([client.send('up', { a: [null] }), client.send('up')])).toEqual([
        { status: 'delivered' },
        { status: 'delivered' },
      ])
      expect(await client.request('echo', 'äöü \u{1f600}')).toBe('äöü \u{1f600}')
      expect(await pair.tell({ do: 'request', name: 'double', data: 21 })).toBe(42)
      client.send('bytes', bytes)
      client.sendRaw('text')
      client.sendRaw(bytes)
      expect(await echoed).toEqual([bytes])
      await vi.waitFor(() => expect(raw).toEqual(['text', bytes]), 15_000)
      expect(await pair.report()).toMatchObject({ up: [{ a: [null] }, null], sessions: 1 })
    })

    test('numbered messages each way while the connection is cut: nothing lost, doubled or out of order', async () => {
      await using scene = await setRemoteScene(platform)
      const { client, pair } = scene
      const { time, rate } = platform.run
      const down: unknown[] = []
      client.on('down', (data) => down.push(data))
      const sent: Delivery[] = []
      await pair.tell({ do: 'flow', rate })
      using traffic = perSecond(rate, () => sent.push(client.send('up', sent.length)))
      const until = performance.now() + time
      for (let cuts = 0; performance.now() < until; cuts++) {
        await new Promise((resolve) => setTimeout(resolve, time / 6))
        const opened = next(client, 'open')
        await pair.tell({ do: cuts % 2 === 0 ? 'reset' : 'cut' })
        expect(await opened).toMatchObject({ resumed: true })
      }
      traffic.stop()
      await pair.tell({ do: 'still' })
      const all = await Promise.all(sent)
      const report = await pair.report()
      expect(all.length).toBeGreaterThan((time * rate) / 2_000)
      expect(all).toEqual(sent.map(() => ({ status: 'delivered' })))
      expect(report.up).toEqual([...sent.keys()])
      expect(report.settled).toEqual(report.settled.map(() => 'delivered'))
      expect(down).toEqual([...report.settled.keys()])
      expect(report).toMatchObject({ sessions: 1, connected: 1 })
      expect(report.resumed).toBeGreaterThan(1)
    })

    test('a message that is sent into a half-open socket is delivered exactly once after the resume', async () => {
      await using scene = await setRemoteScene(platform)
      const { client, pair } = scene
      await client.send('up', 'before')
      await pair.tell({ do: 'freeze', direction: 'both' })
      const begun = performance.now()
      const sent = [client.send('up', 'into the void'), client.send('up', 'and another')]
      await pair.tell({ do: 'send', name: 'down', count: 2 })
      const down = take(client, 'down', 2)
      expect(await next(client, 'down')).toMatchObject({ reason: 'silent' })
      // The server pings every 25 s: what is noticed earlier was noticed by the missing ack.
      expect(performance.now() - begun).toBeLessThan(25_000)
      const opened = next(client, 'open')
      await pair.tell({ do: 'heal' })
      expect(await opened).toMatchObject({ resumed: true })
      expect(await Promise.all(sent)).toEqual([{ status: 'delivered' }, { status: 'delivered' }])
      expect(await down).toEqual([0, 1])
      await client.send('up', 'after')
      expect(await pair.report()).toMatchObject({
        up: ['before', 'into the void', 'and another', 'after'],
        settled: ['delivered', 'delivered'],
        sessions: 1,
        resumed: 1,
      })
    })

    test('a message that one end refuses is found and withdrawn, and all others arrive once', async () => {
      await using scene = await setRemoteScene(platform)
      const { client, pair } = scene
      const poison = '['.repeat(70) + ']'.repeat(70)
      const sent = ['a', JSON.parse(poison) as unknown, 'b'].map((data) => client.send('up', data))
      expect(await Promise.all(sent)).toEqual([
        { status: 'delivered' },
        { status: 'undelivered', reason: 'rejected' },
        { status: 'delivered' },
      ])
      const down = take(client, 'down', 2)
      await pair.tell({ do: 'send', name: 'down' })
      await pair.tell({ do: 'send', name: 'down', data: poison })
      await pair.tell({ do: 'send', name: 'down', data: '"last"' })
      expect(await down).toEqual([0, 'last'])
      const report = await pair.report()
      expect(report).toMatchObject({ up: ['a', 'b'], sessions: 1, connected: 1 })
      expect(report.settled).toEqual(['delivered', 'undelivered: rejected', 'delivered'])
    })

    test('a goodbye ends the session, and all of it is settled', async () => {
      await using scene = await setRemoteScene(platform)
      const { client, pair } = scene
      const sent = client.send('up', 'last words')
      await client.disconnect()
      expect(sent.outcome).toEqual({ status: 'delivered' })
      expect(await pair.report()).toMatchObject({
        up: ['last words'],
        ends: [{ why: 'left', undelivered: 0, unknown: 0 }],
        sessions: 0,
      })
      await vi.waitFor(async () => expect((await pair.report()).connections).toBe(0), 15_000)
    })
  })
}
