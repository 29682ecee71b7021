import { checkNames, misuse } from '@holdfast/protocol'
import type { AnyContract, Contract, Schemas, ServerContractOf } from '@holdfast/protocol'
import { createAttach } from './attach.ts'
import { createAuthenticator } from './authentication.ts'
import { createBuffers } from './buffers.ts'
import { createClientReports } from './client-reports.ts'
import type { Connection } from './connection.ts'
import { createConnections } from './connections.ts'
import { createPeer } from './create-peer.ts'
import { createEndings } from './endings.ts'
import { createGreeting } from './greeting.ts'
import { createHeartbeats } from './heartbeats.ts'
import type { Held } from './held.ts'
import type { BroadcastOptions, Hub, HubLifecycle } from './hub.ts'
import { createInbound } from './inbound.ts'
import { keptRequest } from './kept-request.ts'
import { createProducers } from './producers.ts'
import { createListeners } from './listeners.ts'
import { createNotices } from './notices.ts'
import { resolveOptions } from './options.ts'
import type { HubOptions } from './options.ts'
import { createOutbound } from './outbound.ts'
import type { Peer } from './peer.ts'
import { warnOfRefusal } from './refusals.ts'
import { createRegistry } from './registry.ts'
import { createRenewal } from './renewal.ts'
import { createRouter } from './router.ts'
import { createSessions } from './sessions.ts'
import { createShutdown } from './shutdown.ts'
import { troubleHint } from './trouble.ts'

/** The close codes for what is refused before there is a connection to close, by its status. */
const codeOf = { 400: 4400, 403: 4403, 503: 1013 } as const
import { createUnhandledLog } from './unhandled.ts'

/**
 * Makes a hub: the server side of the session wire. Touches nothing until it is attached or given a socket.
 *
 * @throws {HoldfastError} `misuse`
 * @example
 * const hub = createHub<Chat>({ authenticate: ({ token }) => verify(token) })
 * hub.on('chat.typing', (data, peer) => hub.broadcast('chat.typing', data, { except: peer }))
 * hub.handle('chat.send', (draft, peer) => save(draft, peer.identity))
 * hub.attach(server.listen(8080))
 */
export function createHub<S extends Schemas, Data = unknown>(
  options: HubOptions<Data> & { readonly contract: S },
): Hub<ServerContractOf<S>, Data>
export function createHub<C extends Contract = AnyContract, Data = unknown>(
  options?: HubOptions<Data>,
): Hub<C, Data>
/* @__NO_SIDE_EFFECTS__ */
export function createHub(options: HubOptions & { readonly contract?: Schemas } = {}): Hub {
  const { contract } = options
  if (contract && !contract.schemas) throw misuse('write contract: schemas({ toClient, toServer })')
  const policy = resolveOptions(options)
  const { report, warn } = policy.ports

  const counters = {
    refused: 0,
    opened: 0,
    resumed: 0,
    receivedMessages: 0,
    droppedMessages: 0,
    deliveredMessages: 0,
    invalid: 0,
    unhandled: 0,
  }
  const notices = createNotices()
  const watchers = createListeners(report)
  const logUnhandled = createUnhandledLog(warn)
  const joined = createListeners(report)
  const announce = <Kind extends keyof HubLifecycle>(kind: Kind, value: HubLifecycle[Kind]): void =>
    notices.post(() => watchers.emit(kind, value))

  const announceRefusal = (refusal: HubLifecycle['refused']): void => {
    counters.refused++
    announce('refused', refusal)
    warnOfRefusal(policy, refusal)
  }

  const refused = (
    connection: Connection,
    code: number,
    why: string,
    reason = why,
    error?: unknown,
    peer?: Peer,
  ): void => {
    connection.close(code, reason)
    const { request } = connection
    connection.request = keptRequest(request)
    announceRefusal({
      code,
      why,
      request,
      ...(peer && { peer }),
      ...(error !== undefined && { error }),
    })
  }

  /** A client that broke the rules loses its session; one with a message that cannot be taken only its connection. */
  const violated = (held: Held, code: number, why: string): void => {
    const { connection } = held
    if (code === 4400) endings.end(held, 'protocol', code, { reason: why })
    else sessions.disconnect(held, code, why)
    if (connection) refused(connection, code, why, why, undefined, held.peer)
  }

  const reports = createClientReports(policy.ports.clock, report)
  const reportFor = (held: Held, error: unknown): void => reports.of(held)(error)
  const router = createRouter(contract?.toServer, {
    report: reports.report,
    invalid(message) {
      counters.invalid++
      announce('invalid', message)
    },
    unhandled(message) {
      counters.unhandled++
      announce('unhandled', message)
      logUnhandled(message.name)
    },
  })
  const registry = createRegistry(policy, (held) => endings.expire(held))
  const overflowed = (held: Held): void => endings.end(held, 'overflow', 4410)
  const buffers = createBuffers(policy.limits.maxBufferedTotalBytes, { registry, overflowed })
  const outbound = createOutbound(contract?.toClient, policy, {
    buffers,
    during: notices.during,
    overflowed,
    delivered: () => void counters.deliveredMessages++,
    tooLarge: reportFor,
  })
  const authenticator = createAuthenticator(policy)
  const renewal = createRenewal({
    policy,
    authenticator,
    expired(held, why, error) {
      const { connection } = held
      sessions.disconnect(held, 4401, why)
      if (connection) refused(connection, 4401, why, why, error, held.peer)
    },
    failed(held, why, error) {
      const { connection } = held
      sessions.disconnect(held, 1013, troubleHint)
      if (connection) refused(connection, 1013, why, troubleHint, error, held.peer)
    },
    changed: (held) => endings.end(held, 'identity', 4410),
  })
  const heartbeats = createHeartbeats(policy)
  const producers = createProducers(
    policy.ports.clock,
    registry.newSecret,
    policy.producerTimeout,
    policy.limits.maxProducers,
  )
  const inbound = createInbound({
    maxRunningRequests: policy.limits.maxRunningRequests,
    router,
    producers,
    outbound,
    report: reportFor,
    token: renewal.token,
    bye(held, bye) {
      if (bye.rx > held.session.tx) violated(held, 4400, 'a bye of the future')
      else if (shutdown.stage === 'open') endings.left(held, bye, 'left', 1000)
      else endings.left(held, bye, 'drained', 1012, shutdown.hint())
    },
    violated,
    received: () => void counters.receivedMessages++,
  })
  const sessions = createSessions({
    policy,
    registry,
    heartbeats,
    producers,
    inbound,
    newPeer: (held, data) =>
      createPeer(held, data, { outbound, report, part: endings.part, renew: renewal.ask }),
    end: (held, why, code, finalCursor) => endings.end(held, why, code, { finalCursor }),
    refused,
    violated,
    dropped: (count) => void (counters.droppedMessages += count),
    admitted: renewal.watch,
    confirmed(held) {
      counters.opened++
      notices.post(() => joined.emit('peer', held.peer))
      announce('open', { peer: held.peer, resumed: false, replayed: 0 })
    },
    resumed(held, replayed) {
      counters.resumed++
      announce('open', { peer: held.peer, resumed: true, replayed })
    },
    down(held, code, reason) {
      announce('down', { peer: held.peer, code, reason })
      // A hub that drains lets nobody in again.
      if (shutdown.stage === 'draining') endings.part(held, 'drained', 1012, shutdown.hint())
    },
  })
  const endings = createEndings({
    policy,
    registry,
    release: sessions.release,
    post: notices.post,
    ended(held, end) {
      const { peer, answers, endListeners } = held
      notices.during(() => {
        if (answers) notices.post(answers.lost)
        if (endListeners) notices.post(() => endListeners.emit('end', end))
        announce('closed', { ...end, peer })
        notices.post(shutdown.sessionEnded)
      })
    },
  })
  const greeting = createGreeting({
    policy,
    authenticator,
    greeted: (...greeted) => notices.during(() => sessions.admit(...greeted)),
    refused,
  })

  const connections = createConnections({
    policy,
    stage: () => shutdown.stage,
    hint: () => shutdown.hint(),
    greet: greeting.begin,
    refused,
    turnedAway: (request, code, why) => announceRefusal({ code, why, request }),
  })
  const shutdown = createShutdown({
    policy,
    registry,
    outbound,
    greeting,
    endings,
    during: notices.during,
    gone: connections.gone,
  })
  const detachments = new Set<() => void>()
  const attach = createAttach({
    policy,
    isShut: () => connections.isShut,
    accept: connections.accept,
    isGreeting: greeting.has,
    turnedAway(request, status, why) {
      const isClosed = status === 503 && shutdown.stage === 'closed'
      const [code, reason] = isClosed ? [1012, 'the hub is closed'] : [codeOf[status], why]
      announceRefusal({ code, why: reason, request })
    },
  })

  const hub: Hub = {
    on: router.on,
    onAny: router.onAny,
    onRaw: router.onRaw,
    handle: router.handle,
    onPeer: (listener) => joined.on('peer', listener),
    watch(kind, listener) {
      checkNames([kind], kinds)
      return watchers.on(kind, listener)
    },
    peers: registry.peers,

    broadcast(name: string, data?: unknown, how: BroadcastOptions<Peer> = {}) {
      const encoded = outbound.encode(name, data)
      const isExcepted = exceptOf(how.except)
      // Whatever that function does, nothing is sent before it has answered for everybody.
      const recipients: Held[] = []
      for (const held of registry.sessions.values())
        if (held.stage === 'confirmed' && !isExcepted(held.peer)) recipients.push(held)
      outbound.postToAll(recipients, encoded, how)
    },
    stats() {
      return {
        ...counters,
        accepted: connections.accepted,
        connections: connections.size,
        greeting: greeting.size,
        sessions: registry.sessions.size,
        connected: heartbeats.size,
        tombstones: registry.tombstones.size,
        producers: producers.size,
        bufferedMessages: buffers.messages,
        bufferedBytes: buffers.bytes,
      }
    },

    attach(server, how) {
      if (shutdown.stage !== 'open') throw misuse('the hub is closed')
      checkAttach(server, how)
      const detach = attach(server, how)
      detachments.add(detach)
      return () => {
        detachments.delete(detach)
        detach()
      }
    },
    accept: (socket, request) => void connections.accept(socket, request),
    async close({ drain = 0 } = {}) {
      if (!(drain >= 0 && drain < Infinity)) throw misuse('drain must be a number from 0 on')
      await shutdown.close(Math.ceil(drain))
      for (const detach of detachments) detach()
      producers.clear()
    },
    ...(Symbol.asyncDispose && { [Symbol.asyncDispose]: () => hub.close() }),
  }
  return hub
}

export const kinds = 'open, down, closed, invalid, unhandled, refused'

/** What a program without types may give instead. */
function checkAttach(server: unknown, how: unknown): void {
  if (typeof (server as { readonly on?: unknown } | null | undefined)?.on !== 'function')
    throw misuse('attach takes a server of node:http: write hub.attach(server)')
  if (typeof how === 'string') throw misuse(`write hub.attach(server, { path: '${how}' })`)
  checkNames(Object.keys(how ?? {}), 'path')
}

function exceptOf(except: BroadcastOptions<Peer>['except']): (peer: Peer) => boolean {
  if (typeof except === 'function') return except
  if (!except) return () => false
  const peers = new Set(Symbol.iterator in except ? except : [except])
  return (peer) => peers.has(peer)
}
