import { once } from 'node:events'
import { createServer, Server, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { troubleFigures } from '../trouble.ts'
import { createChatServer } from './chat.ts'
import { createOutage } from './outage.ts'
import { servePage } from './page.ts'
import { createScenesServer } from './scenes.ts'
import { createTrouble } from './trouble.ts'

export interface Playground {
  readonly port: number
  close(): Promise<void>
}

/**
 * Starts the whole on one port: the page, its chat and its scenes, and the switches that make trouble for a page.
 * Port 0 takes a free one.
 */
export async function startPlayground(options: {
  readonly port: number
  readonly host: string
  readonly folder: string
}): Promise<Playground> {
  const page = servePage(options.folder)
  let restarting: Promise<void> | undefined
  const closing = new AbortController()

  const restart = async (): Promise<void> => {
    await running?.close()
    running = undefined
    // In between, another program may have taken the port.
    while (!running && !closing.signal.aborted) {
      await sleep(troubleFigures.restartDuration, undefined, { signal: closing.signal }).catch(() => {})
      if (!closing.signal.aborted) running = await listen(port).catch(() => undefined)
    }
  }
  const listen = (onPort: number): Promise<Playground> =>
    open(onPort, options.host, page, () => {
      restarting ??= restart().finally(() => (restarting = undefined))
    })

  let running: Playground | undefined = await listen(options.port)
  const { port } = running

  return {
    port,
    async close() {
      closing.abort()
      await restarting
      await running?.close()
    },
  }
}

async function open(
  onPort: number,
  host: string,
  page: RequestListener,
  restart: () => void,
): Promise<Playground> {
  const http = createServer((request, response) => {
    const [, first = ''] = request.method === 'POST' ? (request.url?.split(/[/?]/) ?? []) : []
    if (first === 'cut') return cut(request, response)
    return first === 'trouble' ? trouble(request, response) : page(request, response)
  })
  const cut = createOutage(http)
  // These listen to nothing but what is passed on to them.
  const chatUpgrades = new Server()
  const scenesUpgrades = new Server()
  const trouble = createTrouble(http, {
    serverFor: (path) => (path === '/scenes' ? scenesUpgrades : chatUpgrades),
    restart,
  })

  http.listen(onPort, host)
  await once(http, 'listening')
  const servers = [createChatServer(chatUpgrades), createScenesServer(scenesUpgrades)]

  return {
    port: (http.address() as AddressInfo).port,
    async close() {
      for (const server of servers) server.close()
      http.close()
      http.closeAllConnections()
      await once(http, 'close')
    },
  }
}
