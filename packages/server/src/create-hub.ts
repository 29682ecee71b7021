import { given, misuse } from '@holdfast/protocol'
import type { AnyContract, Contract, Schemas, ServerContractOf } from '@holdfast/protocol'
import { createAttachments } from './attach.ts'
import { createAuthenticator } from './authentication.ts'
import { HubChannels } from './channels/hub-channels.ts'
import { excepts, exceptionsOf } from './broadcast-exceptions.ts'
import { Broadcasts } from './broadcasts.ts'
import { createBuffers } from './buffers.ts'
import { createClientReports } from './client-reports.ts'
import { createConnections } from './connections.ts'
import { createDeadlines } from './deadlines.ts'
import { createEndpoints } from './endpoints.ts'
import { createGreeting } from './greeting.ts'
import type { HubParts } from './hub-parts.ts'
import type { BroadcastOptions, Hub } from './hub.ts'
import { createLifecycle } from './lifecycle.ts'
import { keepsSessions, Moves } from './moves/moves.ts'
import { names, resolveOptions } from './policy.ts'
import type { HubOptions } from './options.ts'
import { createOutbound } from './outbound.ts'
import type { Peer } from './peer.ts'
import { createProducers } from './producers.ts'
import { createRefusals } from './refusals.ts'
import { createRegistry } from './registry.ts'
import { createRenewals } from './renewals.ts'
import { createHubRouter } from './router.ts'
import type { SessionRecord } from './session-record.ts'
import { createSessions } from './sessions.ts'
import { SharedBroadcasts } from './shared-broadcasts/shared-broadcasts.ts'
import { createShutdown } from './shutdown.ts'
import { HubStage } from './stage.ts'
import { goodbyeTimeout } from './teardown.ts'
import { Tracer } from './tracer.ts'

/**
 * Creates a hub: the server side of the session wire. Has no side effects until it is attached or accepts a socket.
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
export function createHub(chosen?: HubOptions & { readonly contract?: Schemas }): Hub {
  const options = given(chosen, names)
  const { contract } = options
  if (contract && !contract.schemas) throw misuse('write contract: schemas({ toClient, toServer })')
  const policy = resolveOptions(options)
  const { clock, report } = policy.ports

  const stage = new HubStage()
  const lifecycle = createLifecycle(report)
  const refusals = createRefusals(policy, lifecycle)
  const reports = createClientReports(clock, report)
  const registry = createRegistry(policy)
  const buffers = createBuffers(policy.limits.maxBufferedTotalBytes, registry)
  const producers = createProducers(
    clock,
    registry.newSecret,
    policy.producerTimeout,
    policy.limits.maxProducers,
  )
  const authenticator = createAuthenticator(policy)
  const renewals = createRenewals(policy, authenticator)
  const tracer = policy.trace && new Tracer(policy.trace, policy.reportTrouble)
  const { router, handlers } = createHubRouter(contract?.toServer, policy, reports, lifecycle)
  const outbound = createOutbound(contract?.toClient, { clock, stage, deferred: lifecycle, tracer })
  const broadcasts = new Broadcasts({
    outbound,
    buffers,
    deferred: lifecycle,
    isTraced: tracer !== undefined,
    isOpen: () => stage.isSending,
  })
  const channels = new HubChannels(policy, options.broker, {
    contract,
    registry,
    outbound,
    counters: lifecycle.counters,
  })
  const endpoints = createEndpoints({
    clock,
    outgoing: contract?.toClient,
    maxRunningRequests: policy.limits.maxRunningRequests,
    router,
    handlers,
    channels,
    reports,
    deferred: lifecycle,
    counters: lifecycle.counters,
    tracer,
  })
  const heartbeats: HubParts['heartbeats'] = createDeadlines(clock, policy.pingInterval, (conversation) =>
    conversation.beat(),
  )
  const goodbyes: HubParts['goodbyes'] = createDeadlines(clock, goodbyeTimeout, (goodbye) => goodbye.finish())
  const isShared = options.broker && keepsSessions(options.broker)
  const moves = isShared ? new Moves(options.broker, { policy, lifecycle, stage, registry }) : undefined
  const sharedBroadcasts = isShared
    ? new SharedBroadcasts({ policy, stage, lifecycle, registry, channels, outbound, broadcasts })
    : undefined
  const sessions = createSessions({
    policy,
    lifecycle,
    stage,
    refusals,
    registry,
    buffers,
    producers,
    renewals,
    outbound,
    endpoints,
    channels,
    reports,
    moves,
    sharedBroadcasts,
    heartbeats,
    goodbyes,
  })
  const greeting = createGreeting({ policy, authenticator, refusals, sessions })
  const connections = createConnections({
    policy,
    counters: lifecycle.counters,
    stage,
    refusals,
    greeting,
  })
  const attachments = createAttachments({ policy, stage, refusals, connections, greeting })
  const shutdown = createShutdown({
    policy,
    stage,
    lifecycle,
    registry,
    greeting,
    sessions,
    connections,
    moves,
  })

  const hub: Hub = {
    on: router.on,
    onAny: router.onAny,
    onRaw: router.onRaw,
    handle: handlers.handle,
    onPeer: lifecycle.onPeer,
    watch: lifecycle.watch,
    peers: registry.peers,

    broadcast(name: string, data?: unknown, how: BroadcastOptions<Peer> = {}) {
      const encoded = outbound.encode(name, data)
      const except = exceptionsOf(how)
      if (sharedBroadcasts && !how.local) return sharedBroadcasts.send(encoded, how, except)
      // The function is evaluated for all peers before any message is sent.
      const recipients: SessionRecord[] = []
      const others: SessionRecord[] = []
      for (const record of registry.sessions.values())
        if (record.stage === 'confirmed') (excepts(except, record.peer) ? others : recipients).push(record)
      broadcasts.send(recipients, others, encoded, how)
    },
    channels: (kind, rules) => channels.addKind(kind, rules),
    channel: (name) => channels.channel(name),
    to: (identity) => channels.to(identity),
    stats() {
      const { counters } = lifecycle
      return {
        ...counters,
        ended: { ...counters.ended },
        refusals: { ...counters.refusals },
        limitHits: { ...counters.limitHits },
        channelRefusals: { ...counters.channelRefusals },
        rtt: { ...counters.rtt },
        accepted: connections.accepted,
        connections: connections.size,
        greeting: greeting.size,
        sessions: registry.sessions.size,
        connected: heartbeats.size,
        tombstones: registry.tombstones.size,
        producers: producers.size,
        bufferedMessages: buffers.messages,
        bufferedBytes: buffers.bytes,
        channels: channels.channels,
        subscriptions: channels.subscriptions,
      }
    },

    async health() {
      const broker = await channels.health()
      const { current } = stage
      return { stage: current, isAccepting: current === 'open' && !connections.isFull, broker }
    },

    park(peer) {
      if (!moves) throw misuse('the broker keeps no sessions: this needs a broker that hubs share')
      const record = registry.sessions.get(peer.id)
      if (record) lifecycle.during(() => moves.park(record))
    },

    attach: attachments.add,
    accept: (socket, request) => void connections.accept(socket, request),
    async close({ drain = 0 } = {}) {
      if (!(drain >= 0 && drain < Infinity)) throw misuse('drain must be a number of 0 or more')
      await shutdown(Math.ceil(drain))
      await sharedBroadcasts?.close()
      await channels.close()
      await moves?.close()
      attachments.clear()
      producers.clear()
    },
    ...(Symbol.asyncDispose && { [Symbol.asyncDispose]: () => hub.close() }),
  }
  return hub
}
