import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHub } from '@holdfast/server'
import type { Hub, PeerEnd } from '@holdfast/server'
import { createClient, session } from 'holdfast'
import type { Client, Delivery, Lifecycle } from 'holdfast'
import { expect, test } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import { next } from '../support/stage.ts'
import { listen, outcomes, startPair, upTo } from './pair.ts'
import { perSecond } from './traffic.ts'

expectNothingLeft()

const clientCount = 12

/** One client, and all that was said between it and the hubs. */
interface Line {
  readonly client: Client
  readonly sent: Delivery[]
  /** What the hubs got of it, in order, each with the number of the hub. */
  readonly up: (readonly [hub: number, number: number])[]
  /** What the hubs sent to it, and what it got of that. */
  readonly answered: Delivery[][]
  readonly down: (readonly [hub: number, number: number])[]
  readonly losses: Lifecycle['lost'][]
  /** The delay of its next dial, after each end of a connection. */
  readonly delays: number[]
}

test('a planned restart under traffic: nothing is unknown, all arrives once and in order, and the dials are spread', async () => {
  const lines = new Map<string, Line>()
  const ends: PeerEnd[] = []
  const first = openHub(0, lines, ends)
  const port = await listen(first.server)
  await using stack = new AsyncDisposableStack()
  stack.defer(() => close(first))
  for (const name of upTo(clientCount).map(String)) lines.set(name, openLine(name, port, stack))
  for (const { client } of lines.values()) await client.connect()

  using traffic = perSecond(50, () => {
    for (const { client, sent } of lines.values()) sent.push(client.send('up', sent.length))
  })
  await sleep(500)
  const questions = [...lines.values()].map(({ client }) => client.request('slow', 'client'))
  const peers = [...first.hub.peers.values()]
  const askedBack = peers.map((peer) => peer.request('slow', 'hub'))

  const reopened = [...lines.values()].map(({ client }) => next(client, 'open'))
  const drained = first.hub.close({ drain: 10_000 })
  first.server.close()
  const second = openHub(1, lines, ends)
  stack.defer(() => close(second))
  await listen(second.server, port)
  // By now the clients know, and wait for the answers that are under way.
  await sleep(300)
  const marks = [...lines.values()].map(({ sent }) => sent.length)
  // A client leaves the old hub because of its `bye`, not because of the time limit.
  await drained
  await Promise.all(reopened)
  await sleep(300)
  traffic.stop()

  expect(await Promise.all(questions)).toEqual(Array(clientCount).fill('client from 0'))
  expect(await Promise.all(askedBack)).toEqual(Array(clientCount).fill('hub'))
  for (const { sent, up, answered, down, losses } of lines.values()) {
    expect(await outcomes(sent)).toEqual(Array(sent.length).fill('delivered'))
    expect(up.map(([, number]) => number)).toEqual(upTo(sent.length))
    const mark = marks.shift()!
    expect(up.filter(([hub, number]) => hub === 0 && number >= mark)).toEqual([])
    const hubs = up.map(([hub]) => hub)
    expect(hubs).toEqual([...hubs].sort((a, b) => a - b))
    expect(new Set(hubs)).toEqual(new Set([0, 1]))

    for (const [hub, messages] of answered.entries()) {
      const settled = await outcomes([...messages])
      const got = down.filter(([of]) => of === hub).map(([, number]) => number)
      if (hub === 0) expect(got).toHaveLength(settled.indexOf('undelivered: closed'))
      expect(got).toEqual(upTo(got.length))
      for (const [number, outcome] of settled.entries())
        expect(outcome).toBe(number < got.length ? 'delivered' : 'undelivered: closed')
    }
    expect(losses).toEqual([{ why: 'drained', missed: 0, undelivered: 0, unknown: 0 }])
  }
  expect(ends.slice(0, clientCount)).toEqual(
    upTo(clientCount).map(() => ({ why: 'drained', undelivered: 0, unknown: 0 })),
  )

  const delays = [...lines.values()].map((line) => line.delays[0]!)
  expect(Math.max(...delays)).toBeLessThanOrEqual(1_000)
  expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(200)
})

test('what the hub says in the turn in which it begins to drain is delivered, and nothing after that is sent', async () => {
  await using pair = await startPair()
  const { client, peer } = await pair.join()
  const down: unknown[] = []
  client.on('down', (data) => down.push(data))
  const last = [peer.send('down', 1), peer.send('down', 2)]
  const closed = pair.hub.close({ drain: 5_000 })
  const late = peer.send('down', 3)
  expect(await outcomes([...last, late])).toEqual(['delivered', 'delivered', 'undelivered: closed'])
  expect(down).toEqual([1, 2])
  await closed
  expect(pair.hub.stats()).toMatchObject({ sessions: 0, connections: 0 })
})

test('a client that does not end is not waited for any longer than was said, and its outcomes are true', async () => {
  await using pair = await startPair()
  const { client } = await pair.join()
  const up: unknown[] = []
  pair.hub.on('up', (data) => up.push(data))
  const called = new Promise<void>((resolve) =>
    pair.hub.handle('never', () => {
      resolve()
      return new Promise(() => {})
    }),
  )
  const asked = client.request('never').catch((error: { code: string }) => error.code)
  const sent = [client.send('up', 1), client.send('up', 2)]
  await called
  const lost = next(client, 'lost')
  const begun = performance.now()
  await pair.hub.close({ drain: 200 })
  expect(performance.now() - begun).toBeGreaterThan(190)
  expect(await outcomes(sent)).toEqual(['delivered', 'delivered'])
  expect(await asked).toBe('unknown')
  expect(await lost).toEqual({ why: 'drained', missed: 0, undelivered: 0, unknown: 0 })
  expect(up).toEqual([1, 2])
})

interface Served {
  readonly hub: Hub
  readonly server: Server
}

function openHub(number: number, lines: ReadonlyMap<string, Line>, ends: PeerEnd[]): Served {
  const hub = createHub({ authenticate: ({ token }) => ({ identity: token ?? null }) })
  hub.on('up', (data, { identity }) => lines.get(identity!)!.up.push([number, data as number]))
  hub.handle('slow', async (input) => {
    await sleep(600)
    return `${String(input)} from ${number}`
  })
  hub.onPeer((peer) => {
    const { answered } = lines.get(peer.identity!)!
    const messages: Delivery[] = []
    answered[number] = messages
    // Goes on while the hub drains, which refuses it.
    const traffic = perSecond(50, () => messages.push(peer.send('down', [number, messages.length])))
    peer.onClose((end) => {
      traffic.stop()
      ends.push(end)
    })
  })
  const server = createServer()
  hub.attach(server)
  return { hub, server }
}

async function close({ hub, server }: Served): Promise<void> {
  await hub.close()
  if (server.listening) await new Promise((resolve) => server.close(resolve))
}

function openLine(name: string, port: number, stack: AsyncDisposableStack): Line {
  const client = createClient({ url: `ws://127.0.0.1:${port}/ws`, wire: session(), token: () => name })
  stack.defer(() => client.dispose())
  const line: Line = { client, sent: [], up: [], answered: [], down: [], losses: [], delays: [] }
  client.on('down', (data) => line.down.push(data as [number, number]))
  client.handle('slow', async (input) => {
    await sleep(600)
    return input
  })
  client.watch('lost', (loss) => line.losses.push(loss))
  client.watch('down', () => line.delays.push(client.state.retryAt! - Date.now()))
  return line
}
