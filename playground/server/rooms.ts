import type { Server } from 'node:http'
import { createHub } from '@holdfast/server'
import { limits } from '../contract.ts'
import { roomHistory, roomNames, type Rooms, type RoomsStats } from '../rooms-contract.ts'
import { cleanName } from './names.ts'

export interface RoomsServer {
  close(options?: { readonly drain?: number }): Promise<void>
}

/** Rooms with history and presence at `/rooms`: each is a channel. They forget everything when the server stops. */
export function createRooms(http: Server, { sessionTimeout = 60_000 } = {}): RoomsServer {
  const hub = createHub<Rooms, { readonly name: string }>({
    // There are no accounts: the token is the name, and any name is allowed.
    authenticate: ({ token = '' }) => ({ identity: null, data: { name: cleanName(token) } }),
    sessionTimeout,
    pingInterval: 5_000,
    limits: { maxPayloadBytes: 65_536, publishRate: 10, publishBurst: 50 },
  })
  hub.channels('room', {
    subscribe: (_, id) => (roomNames as readonly string[]).includes(id),
    // The data is untrusted.
    publish: (peer, _, event, data) => event === 'message' && isMessageOf(peer.data.name, data),
    history: roomHistory,
    // So are the data of members, which the page checks.
    presence: { clientData: true },
  })
  hub.handle('stats', (): RoomsStats => {
    const { connections, sessions, channels, subscriptions, receivedMessages, sentBytes } = hub.stats()
    return { connections, sessions, channels, subscriptions, receivedMessages, sentBytes }
  })
  hub.attach(http, { path: '/rooms' })
  return { close: (options) => hub.close(options) }
}

function isMessageOf(name: string, data: unknown): boolean {
  const { from, text } = Object(data) as Readonly<Record<string, unknown>>
  const isText = typeof text === 'string' && text.trim() !== '' && text.length <= limits.message
  return isText && cleanName(String(from)) === name
}
