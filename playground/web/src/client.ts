import { createClient, ping, plain, session, type Client, type SocketConstructor } from 'holdfast'
import type { Chat } from '../../contract.ts'
import type { Flood } from '../../trouble.ts'
import { observe } from './inspector/observe.ts'
import type { ChatWire } from './wire.ts'

export type ChatClient = Client<Chat & Flood>

/** The connection of one page, which sends its name in its greeting. Queued messages follow after that. */
export function createChatClient(
  wire: ChatWire,
  page: string,
  WebSocket: SocketConstructor,
  name: () => string,
): ChatClient {
  const client = createClient<Chat & Flood>(
    wire === 'session'
      ? { url: `/session?page=${page}`, WebSocket, wire: session(), token: name }
      : { url: `/ws?page=${page}`, WebSocket, wire: plainWire(page, name) },
  )
  return observe(client)
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
