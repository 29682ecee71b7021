import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { HubOptions, Peer, PeerEnd } from '@holdfast/server'
import type { Delivery } from 'holdfast'
import { listen, outcomes, startPair } from './pair.ts'
import type { Order, RemoteReport } from './remote.ts'
import { perSecond } from './traffic.ts'
import type { Traffic } from './traffic.ts'

/** Provides pairs of a hub and a proxy to tests that cannot start one, such as a page, and executes their commands. */
export interface RemoteServer extends AsyncDisposable {
  readonly url: string
}

interface Lent {
  readonly url: string
  obey(order: Order): Promise<unknown>
}

export async function startRemoteServer(options: HubOptions = {}): Promise<RemoteServer> {
  const pairs = new Map<string, Lent>()
  const http = createServer((request, response) => {
    const answer = async (): Promise<unknown> => {
      const order = JSON.parse(await textOf(request)) as Order & { readonly id?: string }
      if (order.do === 'open') {
        const id = crypto.randomUUID()
        const lent = await lend(options)
        pairs.set(id, lent)
        return { id, url: lent.url }
      }
      if (order.do === 'close') setImmediate(() => pairs.delete(order.id!))
      return pairs.get(order.id!)!.obey(order)
    }
    void answer()
      .catch((error: unknown) => ({ error: String(error) }))
      .then((result) => {
        // No connection stays for a next request: tests look for what they left open.
        response.writeHead(200, { 'access-control-allow-origin': '*', connection: 'close' })
        response.end(JSON.stringify(result ?? null))
      })
  })
  const port = await listen(http)
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const lent of pairs.values()) await lent.obey({ do: 'close' })
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

async function lend(options: HubOptions): Promise<Lent> {
  // Pages are of another host.
  const pair = await startPair({ origins: '*', ...options })
  const { hub, proxy } = pair
  const up: unknown[] = []
  const ends: PeerEnd[] = []
  const sent: Delivery[] = []
  let peer: Peer | undefined
  let traffic: Traffic | undefined
  hub.onPeer((joined) => {
    peer = joined
    joined.onClose((end) => ends.push(end))
  })
  hub.on('up', (data) => up.push(data))
  hub.on('bytes', (data, from) => from.send('bytes', data))
  hub.onRaw((data, from) => from.sendRaw(data))
  hub.handle('echo', (data) => data)

  const report = async (): Promise<RemoteReport> => {
    const { sessions, connected, connections, resumed } = hub.stats()
    const settled = await outcomes(sent)
    return { up, ends, settled, sessions, connected, connections, resumed }
  }

  return {
    url: `${proxy.url}/ws`,
    async obey(order) {
      switch (order.do) {
        case 'open':
          return undefined
        case 'cut':
        case 'reset':
        case 'heal':
          return proxy[order.do]()
        case 'freeze':
          return proxy.freeze(order.direction)
        case 'refuse':
          return proxy.refuse()
        case 'accept':
          return proxy.accept()
        case 'send':
          for (let number = 0; number < (order.count ?? 1); number++)
            sent.push(peer!.send(order.name, order.data === undefined ? number : JSON.parse(order.data)))
          return undefined
        case 'request':
          return peer!.request(order.name, order.data)
        case 'flow': {
          let number = 0
          traffic = perSecond(order.rate, () => sent.push(peer!.send('down', number++)))
          return undefined
        }
        case 'still':
          return traffic?.stop()
        case 'report':
          return report()
        case 'close':
          traffic?.stop()
          return pair[Symbol.asyncDispose]()
      }
    },
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}
