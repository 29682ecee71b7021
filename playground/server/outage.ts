import type { IncomingMessage, RequestListener, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { cutDuration } from '../contract.ts'
import { createShortMemory } from './short-memory.ts'

/**
 * Disconnects single pages, below the chat server, which sees the same as when a cable is unplugged.
 *
 * A page identifies itself in the query of its socket's URL: `/ws?page=…`. `POST /cut?page=…` then destroys the TCP
 * connections of that page, and all that it opens in the next `duration` milliseconds.
 */
export function createOutage(
  http: Server,
  { duration = cutDuration }: { readonly duration?: number | undefined } = {},
): RequestListener {
  const connections = new Map<Duplex, string>()
  const cut = createShortMemory(duration)

  http.on('close', cut.clear)
  http.prependListener('upgrade', (request, socket) => {
    const page = pageOf(request)
    if (!page) return
    if (cut.has(page)) return void socket.destroy()
    connections.set(socket, page)
    socket.on('close', () => connections.delete(socket))
  })

  return (request, response) => {
    const page = pageOf(request)
    const sockets = [...connections].filter(([, owner]) => owner === page)
    if (!page || sockets.length === 0) return void response.writeHead(404).end()
    cut.add(page)
    for (const [socket] of sockets) socket.destroy()
    response.writeHead(204).end()
  }
}

/** Returns the id of the page that a request belongs to. */
export function pageOf({ url = '' }: Pick<IncomingMessage, 'url'>): string | null {
  return new URLSearchParams(url.split('?', 2)[1]).get('page')
}
