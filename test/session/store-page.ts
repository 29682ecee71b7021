import type { Client, ClientOptions } from 'holdfast'
import { store } from 'holdfast/store'
import type { DiskStore, StoreOptions, StoreTrouble } from 'holdfast/store'
import { WebSocket } from 'ws'
import type { FakeOrigin, FakePage } from '../../packages/client/test/support/fake-page.ts'
import type { Pair } from './pair.ts'

/** A page with a client, whose process can be ended. */
export interface Visit {
  readonly client: Client
  readonly outbox: DiskStore
  readonly page: FakePage
  readonly troubles: StoreTrouble[]
  /** The outcomes of messages, by name. */
  readonly settled: string[]
  kill(): void
}

export function visit(
  pair: Pair,
  origin: FakeOrigin,
  options: Partial<ClientOptions> = {},
  storeOptions: Partial<StoreOptions> = {},
): Visit {
  const page = origin.page()
  const troubles: StoreTrouble[] = []
  const sockets = new Set<WebSocket>()
  class PageSocket extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      if (page.isDead) throw new Error('the page is gone')
      super(url, protocols)
      sockets.add(this)
    }
  }
  const outbox = store({
    name: 'test',
    ports: page.ports,
    onTrouble: (trouble) => void troubles.push(trouble),
    ...storeOptions,
  })
  const client = pair.client({ store: outbox, WebSocket: PageSocket, ...options })
  const settled: string[] = []
  client.watch('settled', ({ name, outcome }) => {
    settled.push(`${name} ${'reason' in outcome ? `${outcome.status}: ${outcome.reason}` : outcome.status}`)
  })
  return {
    client,
    outbox,
    page,
    troubles,
    settled,
    kill() {
      page.kill()
      for (const socket of sockets) socket.terminate()
    },
  }
}

export function listenFor(pair: Pair, name = 'up'): unknown[] {
  const got: unknown[] = []
  pair.hub.on(name, (data) => void got.push(data))
  return got
}
