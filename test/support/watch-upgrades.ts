import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

/**
 * Calls the function for every upgrade, also for those that hubs take, which no listener sees. To be called once the hubs
 * are attached.
 */
export function watchUpgrades(server: Server, see: (request: IncomingMessage, socket: Duplex) => void): void {
  const { emit } = server
  server.emit = (event: string, ...values: unknown[]) => {
    if (event === 'upgrade') see(...(values as [IncomingMessage, Duplex]))
    return Reflect.apply(emit, server, [event, ...values])
  }
}
