import { vi } from 'vitest'
import type { ClientOptions } from '../../src/index.ts'
import { store } from '../../src/store/index.ts'
import type { StoreOptions, StoreTrouble } from '../../src/store/index.ts'
import { createOrigin } from './fake-page.ts'
import type { FakeOrigin, FakePage } from './fake-page.ts'
import { setUpSession } from './set-up-session.ts'
import type { Part } from './set-up-session.ts'

export interface Given {
  readonly origin?: FakeOrigin
  readonly page?: FakePage
  readonly client?: Partial<ClientOptions>
  readonly store?: Partial<StoreOptions>
}

/** A page whose client has a store, and a server that is played by the test. */
export function setUpStore({ origin = createOrigin(), page = origin.page(), ...options }: Given = {}) {
  const troubles: StoreTrouble[] = []
  const outbox = store({
    name: 'test',
    ports: page.ports,
    onTrouble: (trouble) => void troubles.push(trouble),
    ...options.store,
  })
  const given = setUpSession({ store: outbox, ...options.client })
  const { client, clock, network } = given
  const settled: string[] = []
  client.watch('settled', ({ name, outcome }) => {
    settled.push(`${name} ${'reason' in outcome ? outcome.reason : outcome.status}`)
  })
  /** All frames of the last socket, with numbers, unpacked. */
  const frames = (): unknown[][] => (given.heard() as unknown[][]).filter(([seq]) => typeof seq === 'number')
  const live = (part: Part = {}): Promise<void> =>
    given.live({ producers: { epoch: 'e1', ttl: 86_400_000 }, ...part })
  /** The connection breaks, and the client dials again. */
  const cut = async (): Promise<void> => {
    const { length } = network.sockets
    network.last.end(1006)
    while (network.sockets.length === length) await clock.advance(1_000)
  }
  const away = (): void => {
    page.event({ type: 'pagehide', persisted: true })
    page.hide()
    page.event({ type: 'visibilitychange' })
  }
  const back = (): void => page.event({ type: 'pageshow', persisted: true })
  const records = () => origin.records('test', 'messages')
  const texts = async (): Promise<unknown[]> => (await records()).map(({ text }) => text)
  const data = async (): Promise<unknown[]> =>
    (await texts()).map((text) => (JSON.parse(`[0,0${text as string}]`) as unknown[])[3])
  return {
    ...given,
    origin,
    page,
    outbox,
    troubles,
    settled,
    frames,
    live,
    cut,
    away,
    back,
    records,
    data,
  }
}

/** Waits for what the database does, which has turns of its own. */
export const until = (condition: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(condition, { timeout: 30_000, interval: 5 })
