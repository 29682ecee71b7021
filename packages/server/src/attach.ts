import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { checkNames, misuse } from '@holdfast/protocol'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import type { Connection } from './connection.ts'
import { whyNot } from './connections.ts'
import type { Connections } from './connections.ts'
import type { Greeting } from './greeting.ts'
import { maxGreetingBytes } from './greeting.ts'
import type { AttachOptions } from './hub.ts'
import type { Unsubscribe } from '@holdfast/protocol'
import type { Policy } from './policy.ts'
import type { PageVerdict } from './origins.ts'
import type { RequestLike } from './ports.ts'
import type { Refusals } from './refusals.ts'
import type { HubStage } from './stage.ts'
import { answer, upgradeRouterOf } from './upgrades.ts'
import type { HttpServerLike, UpgradeListener } from './upgrades.ts'

interface AttachParts {
  readonly policy: Policy
  readonly stage: HubStage
  readonly refusals: Refusals
  readonly connections: Connections
  readonly greeting: Greeting
}

/** The close codes for what is refused before there is a connection to close, by its status. */
const codeOf = { 400: 4400, 403: 4403, 503: 1013 } as const
/** What the handshake's rest and the headers of frames may add to a greeting, in bytes. */
const greetingOverhead = 1_024

/** The HTTP servers whose upgrades the hub takes, with the sockets of `ws`. */
export interface Attachments {
  /** @throws {HoldfastError} `misuse` */
  add(server: HttpServerLike, options?: AttachOptions): Unsubscribe
  clear(): void
}

export function createAttachments(parts: AttachParts): Attachments {
  const detachments = new Set<() => void>()
  const { policy, stage, refusals, connections, greeting } = parts
  let acceptor: WebSocketServer | undefined

  // What is left of this for a connection must not keep the request: each function here is kept for as long.
  const take = (socket: WebSocket, request: IncomingMessage, verdict: PageVerdict): void => {
    const connection = connections.accept(socket, request, verdict)
    if (!connection) return
    boundGreeting(request.socket, () => greeting.has(connection), connection)
  }

  const turnedAway = (request: RequestLike, status: 400 | 403 | 503, why: string): void => {
    const isClosed = status === 503 && stage.current === 'closed'
    const [code, reason] = isClosed ? [1012, 'the hub is closed'] : [codeOf[status], why]
    refusals.announce({ code, why: reason, request })
  }

  const refuse = (request: IncomingMessage, socket: Duplex, status: 403 | 503, why: string): void => {
    turnedAway(request, status, why)
    answer(socket, status)
  }

  const upgrade = (server: HttpServerLike, ...[request, socket, head]: Parameters<UpgradeListener>): void => {
    const verdict = policy.checkPage(request, server)
    if (verdict === 'origin' || verdict === 'host') return refuse(request, socket, 403, whyNot[verdict])
    if (connections.isShut) return refuse(request, socket, 503, 'too many connections')
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

  const attach = (server: HttpServerLike, { path = '/ws' }: AttachOptions): Unsubscribe => {
    if (!path.startsWith('/')) throw misuse(`a path begins with '/', unlike '${path}'`)
    const router = upgradeRouterOf(server)
    if (router.has(path)) {
      policy.ports.report(misuse(`another hub on this server takes the path '${path}' until it is taken off`))
    }
    return router.add(path, (...request) => upgrade(server, ...request))
  }

  return {
    add(server, options = {}) {
      if (stage.current !== 'open') throw misuse('the hub is closed')
      check(server, options)
      const detach = attach(server, options)
      detachments.add(detach)
      return () => {
        detachments.delete(detach)
        detach()
      }
    },
    clear() {
      for (const detach of detachments) detach()
    },
  }
}

/** What a program without types may give instead. */
function check(server: unknown, options: unknown): void {
  if (typeof (server as { readonly on?: unknown } | null | undefined)?.on !== 'function')
    throw misuse('attach takes a server of node:http: write hub.attach(server)')
  if (typeof options === 'string') throw misuse(`write hub.attach(server, { path: '${options}' })`)
  checkNames(Object.keys(options ?? {}), 'path')
}

/** `ws` shows whole messages only, and one of a client that has not greeted must not grow to the size of others. */
function boundGreeting(socket: Socket, isGreeting: () => boolean, connection: Connection): void {
  let left = maxGreetingBytes + greetingOverhead
  const count = (chunk: Buffer): void => {
    if (!isGreeting()) return void socket.off('data', count)
    left -= chunk.length
    if (left < 0) connection.exceed(1009, '')
  }
  socket.on('data', count)
}
