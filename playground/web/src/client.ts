import { createClient, plain, type Client } from 'holdfast'
import type { Chat } from '../../contract.ts'

export type ChatClient = Client<Chat>

/**
 * The connection of one page. It says its name first on every connection, and what waits in the queue goes out once
 * the server has answered that with a welcome.
 */
export function createChatClient(page: string, name: () => string): ChatClient {
  return createClient<Chat>({
    url: `/ws?page=${page}`,
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
}
