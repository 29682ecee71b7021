import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { misuse } from '@holdfast/protocol'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import type { Connection } from './connection.ts'
import { whyNot } from './connections.ts'
import { maxGreetingBytes } from './greeting.ts'
import type { Unsubscribe } from './listeners.ts'
import type { Policy } from './options.ts'
import type { PageVerdict } from './origins.ts'
import type { RequestLike, SocketLike } from './ports.ts'
import { answer, upgradeRouterOf } from './upgrades.ts'
import type { HttpServerLike, UpgradeListener } from './upgrades.ts'

/** Which upgrades a hub takes. */
export interface AttachOptions {
  /**
   * The path of the URL, exactly and without its query.
   *
   * @default '/ws'
   */
  readonly path?: string
}

export interface AttachPorts {
  readonly policy: Policy
  /** Whether not even a refusal is worth a handshake. */
  isShut(): boolean
  accept(socket: SocketLike, request: RequestLike, verdict: PageVerdict): Connection | undefined
  isGreeting(connection: Connection): boolean
  /** An upgrade was not taken, and answered with that status. */
  turnedAway(request: RequestLike, status: 400 | 403 | 503, why: string): void
}

/** What the handshake's rest and the headers of frames may add to a greeting, in bytes. */
const greetingOverhead = 1_024

/** Makes the function that takes the upgrades of a server, with the sockets of `ws`. */
export function createAttach(
  ports: AttachPorts,
): (server: HttpServerLike, options?: AttachOptions) => Unsubscribe {
  const { policy, isShut, accept, isGreeting, turnedAway } = ports
  let acceptor: WebSocketServer | undefined

  // What is left of this for a connection must not keep the request: each function here is kept for as long.
  const take = (socket: WebSocket, request: IncomingMessage, verdict: PageVerdict): void => {
    const connection = accept(socket, request, verdict)
    if (!connection) return
    countPings(socket, connection)
    boundGreeting(request.socket, () => isGreeting(connection), connection)
  }

  const refuse = (request: IncomingMessage, socket: Duplex, status: 403 | 503, why: string): void => {
    turnedAway(request, status, why)
    answer(socket, status)
  }

  const upgrade = (server: HttpServerLike, ...[request, socket, head]: Parameters<UpgradeListener>): void => {
    const verdict = policy.checkPage(request, server)
    if (verdict === 'origin' || verdict === 'host') return refuse(request, socket, 403, whyNot[verdict])
    if (isShut()) return refuse(request, socket, 503, 'too many connections')
    acceptor ??= new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: policy.limits.maxPayloadBytes,
    })
    try {
      let isTaken = false
      acceptor.handleUpgrade(request, socket, head, (accepted) => {
        isTaken = true
        take(accepted, request, verdict)
      })
      // It has been answered.
      if (!isTaken) turnedAway(request, 400, 'no proper handshake')
    } catch (error) {
      // Somebody else has taken the socket: whoever was given it past `server.emit`.
      policy.ports.report(error)
    }
  }

  return (server, { path = '/ws' } = {}) => {
    if (!path.startsWith('/')) throw misuse(`a path begins with '/', unlike '${path}'`)
    const router = upgradeRouterOf(server)
    if (router.has(path)) {
      policy.ports.report(misuse(`another hub on this server takes the path '${path}' until it is taken off`))
    }
    return router.add(path, (...request) => upgrade(server, ...request))
  }
}

function countPings(socket: WebSocket, connection: Connection): void {
  socket.on('ping', () => connection.charge())
}

/** `ws` shows whole messages only, and one of a client that has not greeted must not grow to the size of others. */
function boundGreeting(socket: Socket, isGreeting: () => boolean, connection: Connection): void {
  let left = maxGreetingBytes + greetingOverhead
  const count = (chunk: Buffer): void => {
    if (!isGreeting()) return void socket.off('data', count)
    left -= chunk.length
    if (left < 0) connection.exceeded(1009, '')
  }
  socket.on('data', count)
}
