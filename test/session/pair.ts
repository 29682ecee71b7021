import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHub } from '@holdfast/server'
import type { Hub, HubOptions, Peer } from '@holdfast/server'
import { createClient, session } from 'holdfast'
import type { Client, ClientOptions } from 'holdfast'
import { startProxy } from '../support/proxy.ts'
import type { Proxy } from '../support/proxy.ts'

/** A hub behind an HTTP server, a proxy in front of it, and what is needed to make clients of it. */
export interface Pair extends AsyncDisposable {
  readonly hub: Hub
  readonly proxy: Proxy
  readonly port: number
  /** A client that dials through the proxy. It is disposed of with the pair. */
  client(options?: Partial<ClientOptions>): Client
  /** The next session that is confirmed. */
  nextPeer(): Promise<Peer>
}

export async function startPair(options: HubOptions = {}): Promise<Pair> {
  const hub = createHub(options)
  const server = createServer()
  hub.attach(server, { path: '/ws' })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const proxy = await startProxy(port)
  const clients: Client[] = []

  return {
    hub,
    proxy,
    port,
    client(overrides) {
      const client = createClient({ url: `${proxy.url}/ws`, wire: session(), ...overrides })
      clients.push(client)
      return client
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
}
