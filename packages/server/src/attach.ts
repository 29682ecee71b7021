import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { given, misuse } from '@holdfast/protocol'
import type { WebSocket } from 'ws'
import { createAcceptors } from './acceptors.ts'
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

/** The close codes of refused upgrades, by their status. */
const codeOf = { 400: 4400, 403: 4403, 503: 1013 } as const
/** The bytes that the rest of the handshake and frame headers may add to a greeting. */
const greetingOverhead = 1_024

/** The HTTP servers whose upgrades the hub handles, with the sockets of `ws`. */
export interface Attachments {
  /** @throws {HoldfastError} `misuse` */
  add(server: HttpServerLike, options?: AttachOptions): Unsubscribe
  clear(): void
}

export function createAttachments(parts: AttachParts): Attachments {
  const detachments = new Set<() => void>()
  const { policy, stage, refusals, connections, greeting } = parts
  const acceptorOf = createAcceptors(policy)

  // Functions that live as long as a connection must not keep the request alive.
  const take = (socket: WebSocket, request: IncomingMessage, verdict: PageVerdict): void => {
    // An extension, such as compression, transforms frames.
    const transport = socket.extensions === '' ? request.socket : undefined
    const connection = connections.accept(socket, request, verdict, transport)
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
    try {
      let isTaken = false
      acceptorOf(request).handleUpgrade(request, socket, head, (accepted) => {
        isTaken = true
        take(accepted, request, verdict)
      })
      // The upgrade has been answered.
      if (!isTaken) turnedAway(request, 400, 'no proper handshake')
    } catch (error) {
      // Other code has taken the socket without `server.emit`.
      policy.ports.report(error)
    }
  }

  const attach = (server: HttpServerLike, { path = '/ws' }: AttachOptions): Unsubscribe => {
    if (!path.startsWith('/')) throw misuse(`a path begins with '/', unlike '${path}'`)
    const router = upgradeRouterOf(server)
    if (router.has(path)) {
      policy.ports.report(
        misuse(`another hub handles the path '${path}' of this server until it is detached`),
      )
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

/** Arguments that programs without types may pass instead. */
function check(server: unknown, options: unknown): void {
  if (typeof (server as { readonly on?: unknown } | null | undefined)?.on !== 'function')
    throw misuse('attach takes a server of node:http: write hub.attach(server)')
  if (typeof options === 'string') throw misuse(`write hub.attach(server, { path: '${options}' })`)
  given(options as object, 'path')
}

/**
 * `ws` delivers only complete messages, and the first message of a client must not grow to the size of later ones.
 */
function boundGreeting(socket: Socket, isGreeting: () => boolean, connection: Connection): void {
  let left = maxGreetingBytes + greetingOverhead
  const count = (chunk: Buffer): void => {
    if (!isGreeting()) return void socket.off('data', count)
    left -= chunk.length
    if (left < 0) connection.exceed(1009, '')
  }
  socket.on('data', count)
}
