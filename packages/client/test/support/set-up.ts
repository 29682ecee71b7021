import { createClient } from '../../src/index.ts'
import type { AnyContract, Client, ClientOptions, Contract, Signal } from '../../src/index.ts'
import { createFakeNetwork } from './fake-socket.ts'
import type { FakeNetwork } from './fake-socket.ts'
import { createTestPorts } from './test-ports.ts'
import { settleMicrotasks } from '@holdfast/testing'
import type { VirtualClock } from '@holdfast/testing'

export interface SetUp<C> {
  readonly client: Client<C>
  readonly clock: VirtualClock
  readonly network: FakeNetwork
  /** What listeners threw. */
  readonly reported: unknown[]
  /** Connects, and lets the server accept. */
  open(): Promise<void>
  /** The last socket's messages, parsed. */
  sent(): unknown[]
  signal(name: Signal): void
}

/** A client on a virtual clock and a fake network. */
export function setUp<C extends Contract = AnyContract>(options: Partial<ClientOptions> = {}): SetUp<C> {
  const { ports, reported, signal } = createTestPorts()
  const network = createFakeNetwork()
  const client = createClient<C>({
    url: 'ws://test/socket',
    WebSocket: network.WebSocket,
    ...options,
    ports: { ...ports, ...options.ports },
  })
  return {
    client,
    clock: ports.clock,
    network,
    reported,
    async open() {
      void client.connect()
      await settleMicrotasks()
      network.last.open()
      await settleMicrotasks()
    },
    sent: () => network.last.sent.map((frame) => JSON.parse(frame as string) as unknown),
    signal,
  }
}
