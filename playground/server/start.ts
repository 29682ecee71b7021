import { once } from 'node:events'
import { createServer, Server, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { troubleFigures } from '../trouble.ts'
import { createChatServer } from './chat.ts'
import { withDocs } from './docs.ts'
import { serveMetrics } from './metrics.ts'
import { createOutage } from './outage.ts'
import { servePage } from './page.ts'
import { createRoom } from './room.ts'
import { createRooms } from './rooms.ts'
import { createScenesServer } from './scenes.ts'
import { createSessionChat } from './session-chat.ts'
import { createTrouble } from './trouble.ts'

export interface Playground {
  readonly port: number
  close(): Promise<void>
}

export interface PlaygroundOptions {
  /** 0 chooses a free port. */
  readonly port: number
  readonly host: string
  /** The folder of the built page. */
  readonly folder: string
  /** The folder of the built documentation. */
  readonly docs?: string
  /** How long a page is disconnected on request, in milliseconds. */
  readonly cutDuration?: number
  /** How long it gets no new connection on request, in milliseconds. */
  readonly refuseDuration?: number
}

/** A running playground, which stops by a drain, or like a crash. */
interface Running {
  readonly port: number
  stop(how: 'restart' | 'drain'): Promise<void>
}

/**
 * Starts everything on one port: the page, its chat and its scenes, and the switches that cause faults for a page.
 */
export async function startPlayground(options: PlaygroundOptions): Promise<Playground> {
  const files = servePage(options.folder)
  const page = options.docs === undefined ? files : withDocs(files, options.docs)
  let restarting: Promise<void> | undefined
  const closing = new AbortController()

  const restart = async (how: 'restart' | 'drain'): Promise<void> => {
    await running?.stop(how)
    running = undefined
    // In between, another program may have taken the port.
    while (!running && !closing.signal.aborted) {
      await sleep(troubleFigures.restartDuration, undefined, { signal: closing.signal }).catch(() => {})
      if (!closing.signal.aborted) running = await listen(port).catch(() => undefined)
    }
  }
  const listen = (onPort: number): Promise<Running> =>
    open({ ...options, port: onPort }, page, (how) => {
      restarting ??= restart(how).finally(() => (restarting = undefined))
    })

  let running: Running | undefined = await listen(options.port)
  const { port } = running

  return {
    port,
    async close() {
      closing.abort()
      await restarting
      await running?.stop('drain')
    },
  }
}

async function open(
  { port, host, cutDuration, refuseDuration = troubleFigures.refuseDuration }: PlaygroundOptions,
  page: RequestListener,
  restart: (how: 'restart' | 'drain') => void,
): Promise<Running> {
  const http = createServer((request, response) => {
    if (request.method === 'GET' && request.url === '/metrics') return figures(request, response)
    const [, first = ''] = request.method === 'POST' ? (request.url?.split(/[/?]/) ?? []) : []
    if (['cut', 'unplug', 'plug'].includes(first)) return outage(request, response)
    return first === 'trouble' ? trouble(request, response) : page(request, response)
  })
  const outage = createOutage(http, { duration: cutDuration })
  // These servers do not listen; they receive only forwarded upgrades.
  const chatUpgrades = new Server()
  const scenesUpgrades = new Server()
  const sessionUpgrades = new Server()
  const hubUpgrades = new Server()
  const upgrades = new Map([
    ['/scenes', scenesUpgrades],
    ['/session', sessionUpgrades],
    ['/rooms', sessionUpgrades],
  ])
  const trouble = createTrouble(http, {
    serverFor: (path) => upgrades.get(path) ?? chatUpgrades,
    restart,
    visitor: (id) => sessionChat.visitor(id),
    refuseDuration,
  })

  http.listen(port, host)
  await once(http, 'listening')
  const room = createRoom()
  const servers = [createChatServer(chatUpgrades, { room }), createScenesServer(scenesUpgrades)]
  const sessionChat = createSessionChat(hubUpgrades, { room })
  const rooms = createRooms(hubUpgrades)
  const figures = serveMetrics({ chat: sessionChat.hub, rooms: rooms.hub })
  const sessionStreams = new Set<Duplex>()
  // Other listeners of the hubs' server do not see the upgrades that the hubs handle.
  sessionUpgrades.on('upgrade', (request, stream: Duplex, head) => {
    sessionStreams.add(stream)
    stream.on('close', () => sessionStreams.delete(stream))
    hubUpgrades.emit('upgrade', request, stream, head)
  })

  return {
    port: (http.address() as AddressInfo).port,
    async stop(how) {
      // A crashing process sends no `bye`.
      if (how === 'restart') for (const stream of sessionStreams) stream.destroy()
      const closing = how === 'drain' ? { drain: troubleFigures.drainDuration } : {}
      await Promise.all([sessionChat.close(closing), rooms.close(closing)])
      sessionUpgrades.removeAllListeners('upgrade')
      for (const server of servers) server.close()
      http.close()
      http.closeAllConnections()
      await once(http, 'close')
    },
  }
}
