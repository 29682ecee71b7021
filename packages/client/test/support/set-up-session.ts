import { settleMicrotasks } from '@holdfast/testing'
import { setUp } from './set-up.ts'
import type { ClientOptions, Delivery } from '../../src/index.ts'
import { session } from '../../src/index.ts'

export type Part = Record<string, unknown>

/** A client on the session wire, and a server that is played by the test. */
export function setUpSession(options: Partial<ClientOptions> = {}) {
  const given = setUp({ wire: session(), ...options })
  const { client, network, clock } = given

  const say = async (...messages: unknown[]): Promise<void> => {
    for (const message of messages) network.last.message(JSON.stringify(message))
    await settleMicrotasks()
  }
  /** All frames and controls of the last socket, unpacked. */
  const heard = (): unknown[] =>
    network.last.sent.flatMap((message) => {
      if (typeof message !== 'string') return []
      const value = JSON.parse(message) as unknown[]
      return Array.isArray(value[0]) ? value : [value]
    })
  const ok = (part: Part = {}): unknown => [
    'ok',
    {
      session: 's1',
      key: 'k1',
      rx: 0,
      identity: null,
      ttl: 120_000,
      ping: 25_000,
      window: [1_024, 1_048_576],
      maxPayload: 1_048_576,
      ...part,
    },
  ]
  const dial = async (): Promise<void> => {
    void client.connect()
    await settleMicrotasks()
    network.last.open()
    await settleMicrotasks()
  }
  const live = async (part?: Part): Promise<void> => {
    await dial()
    await say(['holdfast', { v: 1 }], ok(part))
  }
  /** The connection breaks, and the next one gets as far as the greeting. */
  const cut = async (code = 1006, reason = ''): Promise<void> => {
    network.last.end(code, reason)
    const { length } = network.sockets
    while (network.sockets.length === length) await clock.advance(100)
    network.last.open()
    await say(['holdfast', { v: 1 }])
  }
  return { ...given, say, heard, ok, dial, live, cut }
}

export const statuses = (deliveries: readonly Delivery[]): string[] =>
  deliveries.map(({ outcome }) => {
    if (!outcome) return 'open'
    return 'reason' in outcome ? `${outcome.status}: ${outcome.reason}` : outcome.status
  })
