import type { Server } from 'node:http'
import { createHub } from '@holdfast/server'
import type { MeteredHub } from '@holdfast/server/metrics'
import { limits } from '../contract.ts'
import { roomHistory, roomNames, type Rooms, type RoomsStats } from '../rooms-contract.ts'
import { cleanName, freeName } from './names.ts'

export interface RoomsServer {
  readonly hub: MeteredHub
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
  /** By the ids of the sessions. */
  const names = new Map<string, string>()
  hub.onPeer((peer) => {
    const others = Array.from(names.values(), (name) => ({ name }))
    const name = freeName(peer.data.name, others)
    names.set(peer.id, name)
    peer.onClose(() => names.delete(peer.id))
    peer.send('welcome', { name })
  })
  hub.channels('room', {
    subscribe: (_, id) => (roomNames as readonly string[]).includes(id),
    // The data is untrusted.
    publish: ({ id }, _, event, data) => event === 'message' && isMessageOf(names.get(id), data),
    history: roomHistory,
    // So are the data of members, which the page checks.
    presence: { clientData: true },
  })
  hub.handle('stats', (): RoomsStats => {
    const { connections, sessions, channels, subscriptions, receivedMessages, sentBytes } = hub.stats()
    return { connections, sessions, channels, subscriptions, receivedMessages, sentBytes }
  })
  hub.attach(http, { path: '/rooms' })
  return { hub, close: (options) => hub.close(options) }
}

function isMessageOf(name: string | undefined, data: unknown): boolean {
  const { from, text } = Object(data) as Readonly<Record<string, unknown>>
  const isText = typeof text === 'string' && text.trim() !== '' && text.length <= limits.message
  return isText && cleanName(String(from)) === name
}
