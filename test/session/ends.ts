import type { HubOptions, Peer } from '@holdfast/server'
import type { AbortSignalLike, Client, ClientOptions, Delivery, RequestOptions } from 'holdfast'
import { startPair } from './pair.ts'
import type { Pair } from './pair.ts'

/** Who receives: its handlers are what a test is about. */
export type Receiver = 'client' | 'hub'

/** Both ends of a session, as the one that sends and the one that receives. */
export interface Ends extends AsyncDisposable {
  readonly pair: Pair
  readonly client: Client
  readonly peer: Peer
  /** What was reported at either end. */
  readonly errors: unknown[]
  send(data?: unknown, name?: string): Delivery
  on(handler: (data: unknown) => unknown, name?: string): () => void
  /** Sends an event from the end that receives to the other one. */
  reply(data?: unknown): Delivery
  onReply(handler: (data: unknown) => unknown): void
  request(input?: unknown, how?: RequestOptions): Promise<unknown>
  handle(answer: (input: unknown, signal: AbortSignalLike) => unknown): () => void
}

export async function setEnds(
  receiver: Receiver,
  options: Partial<ClientOptions> = {},
  hubOptions: HubOptions = {},
): Promise<Ends> {
  const errors: unknown[] = []
  const ports = { report: (error: unknown) => void errors.push(error) }
  const pair = await startPair({ ...hubOptions, ports })
  const { hub } = pair
  const { client, peer } = await pair.join({ backoff: () => 20, ports, ...options })
  const shared = { pair, client, peer, errors, [Symbol.asyncDispose]: () => pair[Symbol.asyncDispose]() }
  if (receiver === 'hub')
    return {
      ...shared,
      send: (data, name = 'event') => client.send(name, data),
      on: (handler, name = 'event') => hub.on(name, handler),
      reply: (data) => peer.send('reply', data),
      onReply: (handler) => void client.on('reply', handler),
      request: (input, how) => client.request('ask', input, how),
      handle: (answer) => hub.handle('ask', (input, _, { signal }) => answer(input, signal)),
    }
  return {
    ...shared,
    send: (data, name = 'event') => peer.send(name, data),
    on: (handler, name = 'event') => client.on(name, handler),
    reply: (data) => client.send('reply', data),
    onReply: (handler) => void hub.on('reply', handler),
    request: (input, how) => peer.request('ask', input, how),
    handle: (answer) => client.handle('ask', (input, { signal }) => answer(input, signal)),
  }
}
