import type { RequestListener, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { cutDuration, longestUnplugged } from '../contract.ts'
import { pageOf } from './query.ts'
import { createShortMemory, type ShortMemory } from './short-memory.ts'

/**
 * Disconnects single pages, below the chat server, which sees the same as when a cable is unplugged.
 *
 * A page identifies itself in the query of its socket's URL: `/ws?page=…`. `POST /cut?page=…` then destroys the TCP
 * connections of that page, and all that it opens in the next `duration` milliseconds; `POST /unplug?page=…` does the
 * same until `POST /plug?page=…`, which ends either.
 */
export function createOutage(
  http: Server,
  { duration = cutDuration }: { readonly duration?: number | undefined } = {},
): RequestListener {
  const connections = new Map<Duplex, string>()
  const cut = createShortMemory(duration)
  const unplugged = createShortMemory(longestUnplugged)

  http.on('close', () => {
    cut.clear()
    unplugged.clear()
  })
  http.prependListener('upgrade', (request, socket) => {
    const page = pageOf(request)
    if (!page) return
    if (cut.has(page) || unplugged.has(page)) return void socket.destroy()
    connections.set(socket, page)
    socket.on('close', () => connections.delete(socket))
  })

  const disconnect = (page: string, memory: ShortMemory): boolean => {
    const sockets = [...connections].filter(([, owner]) => owner === page)
    if (sockets.length === 0) return false
    memory.add(page)
    for (const [socket] of sockets) socket.destroy()
    return true
  }

  const plug = (page: string): boolean => {
    const [wasCut, wasUnplugged] = [cut.remove(page), unplugged.remove(page)]
    return wasCut || wasUnplugged
  }

  return (request, response) => {
    const page = pageOf(request) ?? ''
    const how = request.url?.split(/[/?]/)[1]
    const isDone = how === 'plug' ? plug(page) : disconnect(page, how === 'unplug' ? unplugged : cut)
    response.writeHead(isDone ? 204 : 404).end()
  }
}
