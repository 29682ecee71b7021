import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHub } from '@holdfast/server'
import type { Hub, HubOptions, Peer } from '@holdfast/server'
import { createClient, session } from 'holdfast'
import type { Client, ClientOptions, Delivery } from 'holdfast'
import { startProxy } from '../support/proxy.ts'
import type { Proxy } from '../support/proxy.ts'

/** A hub behind an HTTP server, a proxy in front of it, and what is needed to make clients of it. */
export interface Pair extends AsyncDisposable {
  readonly hub: Hub
  readonly proxy: Proxy
  readonly port: number
  /** Where the hub is without the proxy. */
  readonly direct: string
  /** A client that dials through the proxy. It is disposed of with the pair. */
  client(options?: Partial<ClientOptions>): Client
  /** A client that has a session, and what the hub calls it. */
  join(options?: Partial<ClientOptions>): Promise<{ readonly client: Client; readonly peer: Peer }>
  /** The next session that is confirmed. */
  nextPeer(): Promise<Peer>
}

/** Whatever is thrown at the hub, and not expected by a test that brings ports of its own, fails the test. */
export async function startPair(options: HubOptions = {}): Promise<Pair> {
  const hub = createHub({ ...options, ports: { report: throwLater, warn() {}, ...options.ports } })
  const server = createServer()
  hub.attach(server, { path: '/ws' })
  const port = await listen(server)
  const proxy = await startProxy(port)
  const clients: Client[] = []

  const pair: Pair = {
    hub,
    proxy,
    port,
    direct: `ws://127.0.0.1:${port}/ws`,
    client(overrides) {
      const client = createClient({ url: `${proxy.url}/ws`, wire: session(), ...overrides })
      clients.push(client)
      return client
    },
    async join(overrides) {
      const client = pair.client(overrides)
      const confirmed = pair.nextPeer()
      await client.connect()
      return { client, peer: await confirmed }
    },
    nextPeer: () =>
      new Promise((resolve) => {
        const off = hub.onPeer((peer) => {
          off()
          resolve(peer)
        })
      }),
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.dispose()
      proxy.heal()
      await hub.close()
      await proxy[Symbol.asyncDispose]()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return pair
}

/** Listens on that port, or on a free one, and returns it. */
export async function listen(server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return (server.address() as AddressInfo).port
}

/** The outcomes of the messages, each with its reason if it has one. */
export function outcomes(deliveries: readonly Delivery[]): Promise<string[]> {
  return Promise.all(
    deliveries.map(async (delivery) => {
      const outcome = await delivery
      return 'reason' in outcome ? `${outcome.status}: ${outcome.reason}` : outcome.status
    }),
  )
}

/** The outcomes, by number, that contradict whether the message was delivered. None are correct. */
export function lies(
  settled: Iterable<readonly [number: number, outcome: string]>,
  got: Iterable<number>,
): unknown[] {
  const handed = new Set(got)
  return [...settled].filter(
    ([number, outcome]) =>
      (outcome === 'delivered' && !handed.has(number)) ||
      (outcome.startsWith('undelivered') && handed.has(number)),
  )
}

/** Resolves once the condition holds. For tests that run beside others, where `expect.poll` cannot be used. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5)
}

/** The numbers from 0 up to that one, which is not among them. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
