import type { Server } from 'node:http'
import { createHub, type Peer } from '@holdfast/server'
import type { MeteredHub } from '@holdfast/server/metrics'
import { sessionTimeout as defaultTimeout, type Chat } from '../contract.ts'
import type { Flood } from '../trouble.ts'
import { checkFrame } from './frames.ts'
import { cleanName } from './names.ts'
import { pageOf, roomOf } from './query.ts'
import { createRoom } from './room.ts'

/** The origin of a visitor: the requested name and room, and the page by which the switches identify it. */
interface Origin {
  readonly name: string
  readonly page: string | null
  readonly room: string
}

export type Visitor = Peer<Chat & Flood, Origin>

export interface SessionChat {
  readonly hub: MeteredHub
  /** The newest session of a page. */
  visitor(page: string): Visitor | undefined
  /** With `drain`, it gives its visitors that many milliseconds to finish. */
  close(options?: { readonly drain?: number }): Promise<void>
}

/**
 * The same chat at `/session`, on the session wire. A participant whose connection breaks stays in the room and
 * receives the messages sent meanwhile: this file needs no code for broken connections, unlike the plain chat.
 */
export function createSessionChat(
  http: Server,
  { room = createRoom(), sessionTimeout = defaultTimeout } = {},
): SessionChat {
  const hub = createHub<Chat & Flood, Origin>({
    // There are no accounts: the token is the name, and any name is allowed.
    authenticate: ({ token = '', request }) => ({
      identity: null,
      data: { name: cleanName(token), page: pageOf(request), room: roomOf(request) },
    }),
    sessionTimeout,
    pingInterval: 5_000,
    limits: { maxPayloadBytes: 65_536 },
  })
  hub.attach(http, { path: '/session' })

  const stopListening = room.listen((news, isFor) => {
    const { type, ...data } = news
    const except = ({ id }: Visitor): boolean => !isFor(id)
    // A late typing event is wrong.
    hub.broadcast(type, data, { except, volatile: type === 'typing' })
  })

  hub.onPeer((peer) => {
    peer.send('welcome', room.join(peer.id, peer.data.name, peer.data.room))
    peer.onClose(() => room.leave(peer.id))
  })

  hub.onAny((type, data, peer) => {
    // The data is untrusted.
    const frame = checkFrame({ ...(data as object), type })
    switch (frame.type) {
      case 'join':
        return peer.send('welcome', room.join(peer.id, frame.name))
      case 'chat':
        return room.say(peer.id, frame.message)
      case 'typing':
        return room.typing(peer.id)
      case 'ping':
        return peer.send('pong', {})
      case 'invalid':
        return peer.send('error', { message: frame.reason })
    }
  })

  return {
    hub,
    visitor: (page) => [...hub.peers.values()].findLast(({ data }) => data.page === page),
    async close(options) {
      await hub.close(options)
      stopListening()
    },
  }
}
