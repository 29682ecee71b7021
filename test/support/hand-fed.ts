import { createVirtualClock } from '@holdfast/testing'
import type { VirtualClock } from '@holdfast/testing'
import { correlated, createClient, plain } from 'holdfast'
import type { Client } from 'holdfast'
import { createFakeNetwork } from '../../packages/client/test/support/fake-socket.ts'

/** A client on a virtual clock, whose server is the test. */
export interface HandFed {
  readonly client: Client
  readonly clock: VirtualClock
  /** The messages on the last socket, parsed. */
  sent(): readonly { readonly type: string; readonly id?: unknown }[]
  /** A message arrives: in the middle of a commit, if need be. */
  deliver(type: string, data?: object): void
  /** The dial has arrived at the server, which accepts it. */
  accept(): void
  /** The connection breaks, and the client waits 3 s for the next attempt. */
  cut(): void
}

export function handFed(): HandFed {
  const clock = createVirtualClock()
  const network = createFakeNetwork()
  const client = createClient({
    url: 'ws://localhost',
    WebSocket: network.WebSocket,
    wire: plain({ requests: correlated() }),
    backoff: () => 3_000,
    ports: { clock },
  })
  return {
    client,
    clock,
    sent: () => network.last.sent.map((frame) => JSON.parse(frame as string) as { type: string }),
    deliver: (type, data) => network.last.message(JSON.stringify({ type, ...data })),
    accept: () => network.last.open(),
    cut: () => network.last.end(1006),
  }
}

/** The same with a connection that is open. */
export async function connectedByHand(): Promise<HandFed> {
  const fed = handFed()
  const connected = fed.client.connect()
  await fed.clock.advance(0)
  fed.accept()
  await connected
  return fed
}
