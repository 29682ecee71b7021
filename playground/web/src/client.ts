import { createClient, ping, plain, session, type Client, type SocketConstructor } from 'holdfast'
import type { Chat } from '../../contract.ts'
import type { Flood } from '../../trouble.ts'
import { observe } from './inspector/observe.ts'
import type { ChatWire } from './scenario.ts'

export type ChatClient = Client<Chat & Flood>

/** A demo must not make its viewers wait: the default is 30 seconds. */
const backoff = { maxDelay: 2_000 }

/** Where a phone connects. */
export interface Address {
  readonly wire: ChatWire
  /** Identifies the phone in requests for faults. */
  readonly page: string
  readonly room: string
}

/** The connection of one phone, which sends its name in its greeting. Queued messages follow after that. */
export function createChatClient(
  address: Address,
  WebSocket: SocketConstructor,
  name: () => string,
): ChatClient {
  const { wire, page } = address
  const client = createClient<Chat & Flood>(
    wire === 'session'
      ? { url: urlOf('/session', address), WebSocket, backoff, wire: session(), token: name }
      : { url: urlOf('/ws', address), WebSocket, backoff, wire: plainWire(page, name) },
  )
  return observe(client)
}

export function urlOf(path: string, { page, room }: Pick<Address, 'page' | 'room'>): string {
  return `${path}?${new URLSearchParams({ page, room })}`
}

/** On the plain wire the greeting has to match the server: the name comes first, on every connection. */
function plainWire(page: string, name: () => string): ReturnType<typeof plain> {
  return plain({
    greet: () => JSON.stringify({ type: 'join', name: name(), key: page }),
    greeted: ({ type }) => type === 'welcome',
    heartbeat: ping({
      message: '{"type":"ping"}',
      isReply: ({ type }) => type === 'pong',
      interval: 5_000,
      timeout: 3_000,
    }),
  })
}
