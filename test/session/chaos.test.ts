import { setTimeout as sleep } from 'node:timers/promises'
import type { Peer } from '@holdfast/server'
import { createRandom } from '@holdfast/testing'
import { session } from 'holdfast'
import type { Client, Delivery } from 'holdfast'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { expectNothingLeft } from '../support/leaks.ts'
import { reach } from '../support/stage.ts'
import { lies, outcomes, startPair } from './pair.ts'
import { perSecond } from './traffic.ts'

expectNothingLeft('all')

/** How many times each run breaks something, and from which seed on: `CHAOS=2000 SEED=7 vitest run --project integration chaos`. */
const rounds = Number(process.env['CHAOS'] ?? 16)
const firstSeed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e6))
const seeds = [0, 1, 2, 3].map((run) => firstSeed + run)

/** What one end has sent and the other one got. Numbers are never used twice. */
interface Direction {
  readonly sent: Map<number, Delivery>
  readonly got: number[]
}

test.concurrent.each(seeds)(
  'whatever happens to the path and whatever the application does: order, and outcomes that are true (seed %i)',
  { timeout: 180_000 + rounds * 1_000 },
  async (seed) => {
    const random = createRandom(seed)
    const below = (limit: number): number => Math.floor(random() * limit)
    // Short times, so that sessions end as well; small windows, so that they are full.
    await using pair = await startPair({
      sessionTimeout: 400,
      limits: { window: [64, 100_000] },
      ports: { report: () => {} },
    })
    const { hub, proxy } = pair
    const client = pair.client({
      backoff: () => below(60),
      wire: session({ window: [32, 50_000] }),
      ...(seed % 2 === 0 && { WebSocket }),
    })
    const up: Direction = { sent: new Map(), got: [] }
    const down: Direction = { sent: new Map(), got: [] }
    const peers: Peer[] = []
    hub.onPeer((peer) => peers.push(peer))
    const answered: number[] = []
    hub.on('message', (data) => up.got.push(numberOf(data)))
    client.on('message', (data) => down.got.push(numberOf(data)))
    hub.handle('ask', (number) => {
      answered.push(number as number)
      return number
    })
    let count = 0
    const asked: Promise<readonly [number: number, answer: unknown]>[] = []

    const message = (number: number): unknown => {
      const kind = below(20)
      if (kind === 0) return Buffer.concat([Buffer.from(`${number};`), Buffer.alloc(below(40_000))])
      return kind === 1 ? `${number};${'x'.repeat(below(40_000))}` : number
    }
    const send = (from: Client | Peer, { sent }: Direction): void => {
      const number = count++
      const kind = below(10)
      const how = kind === 0 ? { ttl: below(100) } : kind === 1 ? { volatile: true } : {}
      sent.set(number, from.send('message', message(number), how))
    }
    const ask = async (number: number): Promise<readonly [number, unknown]> => {
      const timeout = below(4) === 0 ? below(100) : 60_000
      return [number, await client.request('ask', number, { timeout }).catch(({ code }) => code as string)]
    }
    using traffic = perSecond(400, () => {
      if (below(20) === 0) asked.push(ask(count++))
      else if (below(2) === 0) send(client, up)
      else {
        const peer = peers.at(-1)
        if (peer) send(peer, down)
      }
    })

    const troubles: readonly (() => unknown)[] = [
      () => proxy.cut(),
      () => proxy.reset(),
      () => proxy.freeze('toServer'),
      () => proxy.freeze('toClient'),
      () => proxy.freeze(),
      () => proxy.refuse(),
      () => void client.reconnect(),
      () => void client.disconnect(),
      () => peers.at(-1)?.close(),
    ]
    const recover = async (): Promise<void> => {
      proxy.heal()
      await proxy.refuse()
      await proxy.accept()
      void client.connect()
    }
    /** Messages in both directions that end one way or the other, so that every run delivers some. */
    const exchange = async (): Promise<void> => {
      await reach(client, 'open', 'closed')
      send(client, up)
      const peer = peers.at(-1)
      if (peer) send(peer, down)
      await Promise.all([up, down].map(async ({ sent }) => await [...sent.values()].at(-1)))
    }
    await client.connect()
    for (let round = 0; round < rounds; round++) {
      await sleep(below(150))
      // Also one upon another.
      for (let more = 0; more < 1 + below(2); more++) await troubles[below(troubles.length)]!()
      await sleep(below(10) === 0 ? 600 : below(150))
      await recover()
      // On a machine that is busy, it would often come to nothing in so short a time.
      if (below(3) > 0) await exchange()
    }
    traffic.stop()
    await recover()
    await exchange()
    await check(up)
    await check(down)
    for (const [number, answer] of await Promise.all(asked)) {
      const calls = answered.filter((other) => other === number).length
      if (answer === number) expect(calls).toBe(1)
      else if (answer === 'undelivered') expect(calls).toBe(0)
      else expect(calls).toBeLessThanOrEqual(1)
    }
    expect(peers.length, 'sessions').toBeGreaterThan(1)
  },
)

async function check({ sent, got }: Direction): Promise<void> {
  const settled = await outcomes([...sent.values()])
  expect(got, 'in order, and nothing twice').toEqual([...new Set(got)].sort((a, b) => a - b))
  expect(
    lies(
      [...sent.keys()].map((number, index) => [number, settled[index]!]),
      got,
    ),
  ).toEqual([])
  const unknown = new Set(settled.filter((outcome) => outcome.startsWith('unknown')))
  expect([...unknown].filter((outcome) => !/: (session-lost|closed)$/.test(outcome))).toEqual([])
  expect(settled.filter((outcome) => outcome === 'delivered').length).toBeGreaterThan(rounds / 4)
}

function numberOf(data: unknown): number {
  if (typeof data === 'number') return data
  return Number.parseInt(
    typeof data === 'string' ? data : Buffer.from(data as Uint8Array).toString('latin1', 0, 20),
    10,
  )
}
