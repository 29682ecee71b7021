import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { createHub } from '@holdfast/server'
import type { Hub, HubOptions } from '@holdfast/server'
import { watchUpgrades } from '../support/watch-upgrades.ts'

/** The origin that the hub at {@link listedPath} takes. */
export const listedOrigin = 'https://example.com'
export const listedPath = '/ws'
/** Where the hub is that takes pages of its own host. */
export const sameHostPath = '/same'
/** Where an ordinary request is answered a little later. */
export const slowPath = '/slow'

/** A request for an upgrade that the server has parsed. */
export interface Upgrade {
  readonly request: IncomingMessage
  /**
   * Whether another request of this connection had no answer yet. Node then writes that answer into the WebSocket, whatever
   * takes the upgrade. It harms only a client that asks for an upgrade without waiting, which none does that means well.
   */
  readonly isEarly: boolean
}

/** A real HTTP server with two hubs, as an application has them. */
export interface Scene {
  readonly server: Server
  readonly hubs: readonly Hub[]
  /** The request for an upgrade that came from that port, if one did, which is then forgotten. */
  takeUpgrade(remotePort: number): Upgrade | undefined
  /** Uncaught errors, and the reports of the hubs. */
  readonly faults: unknown[]
  /** The events of the hubs, and how often they occurred. */
  readonly heard: Readonly<Record<string, number>>
  /** Everything that the hubs hold for clients, which is 0 once they are gone. Tombstones stay, and are bounded. */
  held(): number
  closeHubs(): Promise<void>
  /** Catches nothing any more. Does not wait for hubs, which may never close if there is a fault. */
  dispose(): void
}

const sizes = [
  'connections',
  'greeting',
  'sessions',
  'connected',
  'bufferedMessages',
  'bufferedBytes',
] as const

export function createScene(options: HubOptions, serverOptions: ServerOptions = {}): Scene {
  const faults: unknown[] = []
  const heard: Record<string, number> = {}
  const upgrades = new Map<number, Upgrade>()
  const lastAnswers = new WeakMap<Duplex, ServerResponse>()
  const caught = (error: unknown): void => void faults.push(error)
  const count = (what: string): void => void (heard[what] = (heard[what] ?? 0) + 1)
  process.on('uncaughtException', caught)
  process.on('unhandledRejection', caught)

  const server = createServer(serverOptions, (request, response) => {
    lastAnswers.set(request.socket, response)
    const answer = (): void => void response.writeHead(204).end()
    if (request.url === slowPath) setImmediate(answer)
    else answer()
  })
  const look = (request: IncomingMessage, socket: Duplex): void => {
    const last = lastAnswers.get(socket)
    const isEarly = last !== undefined && (!last.writableEnded || last.writableLength > 0)
    upgrades.set(request.socket.remotePort!, { request, isEarly })
  }

  const hubs = [listedPath, sameHostPath].map((path) => {
    const hub = createHub({
      authenticate: async ({ token }) =>
        token === 'refused' ? undefined : { identity: token === undefined ? null : 'somebody' },
      ...options,
      ...(path === listedPath
        ? { origins: [listedOrigin], limits: { maxTombstones: 100 } }
        : { limits: { maxTombstones: 100, maxConnections: 4, messageBurst: 3 } }),
      ports: { report: caught, warn() {}, ...options.ports },
    })
    hub.on('a', () => {})
    hub.onRaw(() => {})
    hub.handle('ask', (input, peer) => {
      peer.send('asked', input)
      return input
    })
    hub.watch('refused', ({ code }) => count(`refused by the hub with ${code}`))
    hub.watch('closed', ({ why }) => count(`session ended: ${why}`))
    hub.attach(server, { path })
    return hub
  })

  watchUpgrades(server, look)

  const closeHubs = async (): Promise<void> => {
    await Promise.all(hubs.map((hub) => hub.close()))
  }

  return {
    server,
    hubs,
    takeUpgrade(remotePort) {
      const upgrade = upgrades.get(remotePort)
      upgrades.delete(remotePort)
      return upgrade
    },
    faults,
    heard,
    held: () =>
      hubs
        .map((hub) => hub.stats())
        .flatMap((stats) => sizes.map((name) => stats[name]))
        .reduce((sum, size) => sum + size, 0),
    closeHubs,
    dispose() {
      process.off('uncaughtException', caught)
      process.off('unhandledRejection', caught)
    },
  }
}
