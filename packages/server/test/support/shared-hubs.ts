// Hubs that share a store of sessions, and clients that come to one after the other.
import { randomBytes } from 'node:crypto'
import { createVirtualClock, settleMicrotasks } from '@holdfast/testing'
import type { VirtualClock } from '@holdfast/testing'
import type { AnyContract, Ok } from '@holdfast/protocol'
import { memory } from '../../src/index.ts'
import type { Broker, HubOptions, SessionStoreNode } from '../../src/index.ts'
import { resuming, setUp } from './set-up.ts'
import type { FakeClient, SetUp } from './set-up.ts'

export type Scene = SetUp<AnyContract>

export interface Pair {
  readonly clock: VirtualClock
  readonly a: Scene
  readonly b: Scene
  /** Makes time pass for both hubs, and settles what they do. */
  pass(milliseconds?: number): Promise<void>
}

/** Two hubs that share a broker and a clock. */
export function pair(options: HubOptions = {}, broker: Broker = memory()): Pair {
  const clock = createVirtualClock()
  const set = (): Scene => setUp({ ...options, broker, ports: { clock, randomBytes } })
  const [a, b] = [set(), set()]
  return {
    clock,
    a,
    b,
    async pass(milliseconds = 1_000) {
      for (let rest = milliseconds; rest > 0; rest -= 50) {
        await settleMicrotasks()
        await clock.advance(Math.min(50, rest))
      }
      await settleMicrotasks()
    },
  }
}

/** Lets the client of a session dial that hub. Resolves to it once it has said hi and the hub had time to answer. */
export async function come(
  hubs: Pair,
  to: Scene,
  ok: Ok,
  rx: number,
  n: number,
  hi: object = {},
): Promise<FakeClient> {
  const client = to.dial()
  await client.say([
    'hi',
    {
      v: 1,
      client: 'c1',
      window: [100, 100_000],
      maxPayload: 1_048_576,
      park: true,
      ...resuming(ok, rx, n),
      ...hi,
    },
  ])
  await hubs.pass()
  return client
}

export function okOf(client: FakeClient): Ok | undefined {
  const found = client.socket.heard.find((item) => Array.isArray(item) && item[0] === 'ok')
  return (found as [string, Ok] | undefined)?.[1]
}

export const park = { park: true } as const

/** A broker whose store of sessions is changed for each hub. */
export function withStore(change: (node: SessionStoreNode) => Partial<SessionStoreNode>): Broker {
  const broker = memory()
  return {
    open: (listener) => broker.open(listener),
    openSessions(listener) {
      const node = broker.openSessions!(listener)
      const changed = change(node)
      return new Proxy(node, {
        get: (_, name: keyof SessionStoreNode) => {
          const value: unknown = changed[name] ?? node[name]
          return typeof value === 'function' ? (value.bind(node) as unknown) : value
        },
      })
    },
  }
}
