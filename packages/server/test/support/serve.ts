import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHub } from '../../src/index.ts'
import type { Hub, HubOptions } from '../../src/index.ts'

/** A hub on an HTTP server of its own, on a port of its own. */
export interface Served extends AsyncDisposable {
  readonly hub: Hub
  readonly server: Server
  readonly port: number
  /** Where the hub is. */
  readonly url: string
  /** What listeners and handlers threw. */
  readonly reported: unknown[]
  /** What was warned of. */
  readonly warned: string[]
}

export async function serve(options: HubOptions = {}): Promise<Served> {
  const reported: unknown[] = []
  const warned: string[] = []
  const hub = createHub({
    ...options,
    ports: {
      report: (error) => reported.push(error),
      warn: (message) => warned.push(message),
      ...options.ports,
    },
  })
  const server = createServer((_, response) => response.end('plain'))
  hub.attach(server)
  const port = await listen(server)
  return {
    hub,
    server,
    port,
    url: `ws://127.0.0.1:${port}/ws`,
    reported,
    warned,
    async [Symbol.asyncDispose]() {
      await hub.close()
      await shut(server)
    },
  }
}

/** Listens on a port that nobody has, and tells which. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

export async function shut(server: Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}
