import { createClient, plain, type Client, type SocketConstructor } from 'holdfast'
import type { Chat } from '../../contract.ts'
import type { Flood } from '../../trouble.ts'
import { observe } from './inspector/observe.ts'

export type ChatClient = Client<Chat & Flood>

/**
 * The connection of one page. It says its name first on every connection, and what waits in the queue goes out once
 * the server has answered that with a welcome.
 */
export function createChatClient(page: string, WebSocket: SocketConstructor, name: () => string): ChatClient {
  const client = createClient<Chat & Flood>({
    url: `/ws?page=${page}`,
    WebSocket,
    wire: plain({
      greet: () => JSON.stringify({ type: 'join', name: name(), key: page }),
      greeted: ({ type }) => type === 'welcome',
      heartbeat: {
        message: '{"type":"ping"}',
        isReply: ({ type }) => type === 'pong',
        interval: 5_000,
        timeout: 3_000,
      },
    }),
  })
  return observe(client)
}
