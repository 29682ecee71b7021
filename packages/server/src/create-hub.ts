import { checkNames, misuse } from '@holdfast/protocol'
import type { AnyContract, Contract, SchemaContract, ServerContractOf } from '@holdfast/protocol'
import { createAttach } from './attach.ts'
import { createAuthenticator } from './authentication.ts'
import { createBuffers } from './buffers.ts'
import { createClientReports } from './client-reports.ts'
import type { Connection } from './connection.ts'
import { createConnections } from './connections.ts'
import { createPeer } from './create-peer.ts'
import { createTeardown } from './teardown.ts'
import { createGreeting } from './greeting.ts'
import { createHeartbeats } from './heartbeats.ts'
import type { SessionRecord } from './session-record.ts'
import type { BroadcastOptions, Hub, HubLifecycle } from './hub.ts'
import { createInbound } from './inbound.ts'
import { keptRequest } from './kept-request.ts'
import { createProducers } from './producers.ts'
import { createListeners } from './listeners.ts'
import { createDeferredEvents } from './deferred-events.ts'
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
export function createHub<const S extends SchemaContract, Data = unknown>(
  options: HubOptions<Data> & { readonly contract: S },
): Hub<ServerContractOf<S>, Data>
export function createHub<C extends Contract = AnyContract, Data = unknown>(
  options?: HubOptions<Data>,
): Hub<C, Data>
/* @__NO_SIDE_EFFECTS__ */
export function createHub(options: HubOptions & { readonly contract?: SchemaContract } = {}): Hub {
  const { contract } = options
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
  const deferred = createDeferredEvents()
  const watchers = createListeners(report)
  const logUnhandled = createUnhandledLog(warn)
  const joined = createListeners(report)
  const announce = <Kind extends keyof HubLifecycle>(kind: Kind, value: HubLifecycle[Kind]): void =>
    deferred.defer(() => watchers.emit(kind, value))

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
  const violated = (record: SessionRecord, code: number, why: string): void => {
    const { connection } = record
    if (code === 4400) teardown.end(record, 'protocol', code, { reason: why })
    else sessions.disconnect(record, code, why)
    if (connection) refused(connection, code, why, why, undefined, record.peer)
  }

  const reports = createClientReports(policy.ports.clock, report)
  const reportFor = (record: SessionRecord, error: unknown): void => reports.of(record)(error)
  const router = createRouter(contract, {
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
  const registry = createRegistry(policy, (record) => teardown.expire(record))
  const overflowed = (record: SessionRecord): void => teardown.end(record, 'overflow', 4410)
  const buffers = createBuffers(policy.limits.maxBufferedTotalBytes, { registry, overflowed })
  const outbound = createOutbound(contract, policy, {
    buffers,
    during: deferred.during,
    overflowed,
    delivered: () => void counters.deliveredMessages++,
    tooLarge: reportFor,
  })
  const authenticator = createAuthenticator(policy)
  const renewal = createRenewal({
    policy,
    authenticator,
    expired(record, why, error) {
      const { connection } = record
      sessions.disconnect(record, 4401, why)
      if (connection) refused(connection, 4401, why, why, error, record.peer)
    },
    failed(record, why, error) {
      const { connection } = record
      sessions.disconnect(record, 1013, troubleHint)
      if (connection) refused(connection, 1013, why, troubleHint, error, record.peer)
    },
    changed: (record) => teardown.end(record, 'identity', 4410),
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
    bye(record, bye) {
      if (bye.rx > record.session.tx) violated(record, 4400, 'a bye of the future')
      else if (shutdown.stage === 'open') teardown.left(record, bye, 'left', 1000)
      else teardown.left(record, bye, 'drained', 1012, shutdown.hint())
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
    newPeer: (record, data) =>
      createPeer(record, data, { outbound, report, part: teardown.part, renew: renewal.ask }),
    end: (record, why, code, finalCursor) => teardown.end(record, why, code, { finalCursor }),
    refused,
    violated,
    dropped: (count) => void (counters.droppedMessages += count),
    admitted: renewal.watch,
    confirmed(record) {
      counters.opened++
      deferred.defer(() => joined.emit('peer', record.peer))
      announce('open', { peer: record.peer, resumed: false, replayed: 0 })
    },
    resumed(record, replayed) {
      counters.resumed++
      announce('open', { peer: record.peer, resumed: true, replayed })
    },
    down(record, code, reason) {
      announce('down', { peer: record.peer, code, reason })
      // A hub that drains lets nobody in again.
      if (shutdown.stage === 'draining') teardown.part(record, 'drained', 1012, shutdown.hint())
    },
  })
  const teardown = createTeardown({
    policy,
    registry,
    release: sessions.release,
    defer: deferred.defer,
    ended(record, end) {
      const { peer, answers, endListeners } = record
      deferred.during(() => {
        if (answers) deferred.defer(answers.lost)
        if (endListeners) deferred.defer(() => endListeners.emit('end', end))
        announce('closed', { ...end, peer })
        deferred.defer(shutdown.sessionEnded)
      })
    },
  })
  const greeting = createGreeting({
    policy,
    authenticator,
    greeted: (...greeted) => deferred.during(() => sessions.admit(...greeted)),
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
    teardown,
    during: deferred.during,
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
      const recipients: SessionRecord[] = []
      for (const record of registry.sessions.values())
        if (record.stage === 'confirmed' && !isExcepted(record.peer)) recipients.push(record)
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
