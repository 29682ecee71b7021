import type {
  AnyContract,
  AsyncDisposeLike,
  EventArguments,
  EventData,
  EventName,
  InvalidData,
  KindOf,
  RequestAnswer,
  RequestContext,
  RequestInput,
  RequestName,
  SendOptions,
  UnhandledMessage as Unhandled,
  Unsubscribe,
} from '@holdfast/protocol'
import type { Channel, HubChannelKind, HubChannelName } from './channels/channel.ts'
import type { ChannelRules } from './channels/kinds.ts'
import type { Recipient } from './channels/recipient.ts'
import type { HubHealth } from './health.ts'
import type { HubStats } from './hub-stats.ts'
import type { Peer, PeerArrival, PeerEnd } from './peer.ts'
import type { RequestLike, SocketLike } from './ports.ts'
import type { HttpServerLike } from './upgrades.ts'

/** The server side of the session wire, created by `createHub`. */
export interface Hub<C = AnyContract, Data = unknown> extends AsyncDisposeLike {
  /**
   * Calls the listener for every event of that name, from any client, until the returned function is called.
   *
   * The hub reports a listener that throws or rejects, and calls the other listeners regardless.
   */
  on<Name extends string & EventName<C, 'toServer'>>(
    name: Name,
    listener: (data: EventData<C, 'toServer', Name>, peer: Peer<C, Data>) => unknown,
  ): Unsubscribe
  /** Calls the listener for every event, after the listeners of its name. */
  onAny(listener: (name: string, data: unknown, peer: Peer<C, Data>) => unknown): Unsubscribe
  /** Calls the listener for all text and bytes that are not events, as `sendRaw` sends them. */
  onRaw(listener: (data: string | Uint8Array, peer: Peer<C, Data>) => unknown): Unsubscribe
  /**
   * Answers requests of that name with the value that the handler returns or resolves to. The signal is aborted when
   * the client no longer waits, or can no longer receive the answer.
   *
   * If a handler throws a `HoldfastError` with the code `remote`, the client receives its reason, message and data.
   * For any other exception the client receives only `internal`, and the hub reports the exception.
   *
   * @throws {HoldfastError} `misuse` when the name has a handler, or is not a request in the contract
   */
  handle<Name extends string & RequestName<C>>(
    name: Name,
    handler: (
      input: RequestInput<C, 'toServer', Name>,
      peer: Peer<C, Data>,
      context: RequestContext,
    ) => RequestAnswer<C, Name> | Promise<RequestAnswer<C, Name>>,
  ): Unsubscribe
  /**
   * Calls the listener once per session, when its client has confirmed it, before the hub delivers any message of it. A session that comes
   * from another hub has the `arrival` `moved`: it has had its welcome.
   */
  onPeer(listener: (peer: Peer<C, Data>, context: { readonly arrival: PeerArrival }) => unknown): Unsubscribe
  /**
   * Calls the listener for changes of sessions and connections. Separate from event names, so it never collides with
   * them.
   */
  watch<Kind extends keyof HubLifecycle>(
    kind: Kind,
    listener: (value: HubLifecycle<Peer<C, Data>>[Kind]) => unknown,
  ): Unsubscribe

  /** The current sessions, by id, including those whose client is disconnected. */
  readonly peers: ReadonlyMap<string, Peer<C, Data>>
  /**
   * Sends an event to all clients, or to those that the options select. It is encoded once, and waits once for all clients
   * that are disconnected, unless it has a `ttl`, a `key` or a `signal`. Sessions that end because too many messages wait
   * for them are reported after the event was sent to all others.
   *
   * With a broker that keeps sessions, it reaches the clients of all hubs that share it, each session once, also one that moves or waits to be taken: those
   * of this hub at once and in order with everything else that it sends, the others in the order of the broadcasts of this hub. It
   * waits up to a minute while the broker fails.
   *
   * @throws {HoldfastError} `misuse`, as `peer.send` does
   */
  broadcast<Name extends string & EventName<C, 'toClient'>>(
    name: Name,
    ...args: EventArguments<EventData<C, 'toClient', Name>, BroadcastOptions<Peer<C, Data>>>
  ): void
  /**
   * Sets the rules of the channels of one kind: those named `kind` and `kind:id`. Set them before clients connect: a client uses channels
   * only if the hub had rules when it connected.
   *
   * @throws {HoldfastError} `misuse` when the kind has rules, or for invalid ones
   * @example
   * hub.channels('room', {
   *   subscribe: (peer, id) => id === 'lobby' || peer.identity !== null,
   *   publish: (peer, id, event) => event === 'message' && peer.identity !== null,
   *   history: { maxMessages: 100 },
   * })
   */
  channels(kind: HubChannelKind<C>, rules: ChannelRules<Peer<C, Data>>): void
  /**
   * Returns a channel, to publish in it from the server, and to look at it. Asks no rule. The contract types its events by kind; a
   * contract without channels allows any name, with the events of its clients.
   *
   * @throws {HoldfastError} `misuse` for a name that is not `kind` or `kind:id`, of 1 to 256 characters
   * @example
   * await hub.channel('room:42').publish('message', { text: 'hi' })
   */
  channel<Name extends string & HubChannelName<C>>(name: Name): Channel<C, KindOf<C, Name>, Data>
  /**
   * Returns all sessions of an identity, on all hubs that share the broker: a user on all devices.
   *
   * @throws {HoldfastError} `misuse` for an identity that is not a string
   * @example
   * await hub.to('ada').send('notice', { text: 'Your report is ready' })
   */
  to(identity: string): Recipient<C>

  /** Counters since the creation of the hub, and current sizes. */
  stats(): HubStats
  /**
   * Reports whether the hub accepts clients, and whether its broker can be reached, for the probes of an orchestrator.
   *
   * Asks the broker, for up to 5 s, if the hub uses channels. Never rejects. Do not restart a process because its
   * broker is away: connections, sessions and events work without it.
   *
   * @example
   * server.on('request', async ({ url }, response) => {
   *   if (url !== '/ready') return
   *   const { isAccepting, stage } = await hub.health()
   *   response.writeHead(isAccepting ? 200 : 503).end(stage)
   * })
   */
  health(): Promise<HubHealth>

  /**
   * Handles the upgrades of an HTTP server for its path, until the returned function is called. Accepts the server of
   * `node:http`, of Express (the result of `listen`) and of Fastify (`fastify.server`).
   *
   * No other listener of 'upgrade' sees the upgrades that the hub handles, in whichever order they were attached:
   * other libraries answer or destroy sockets that they do not know. All other upgrades go to the other listeners; if
   * there are none, the hub answers them with 404, because Node would leave the socket hanging. The returned function
   * does not close accepted connections.
   *
   * A path of a server belongs to the first hub that is attached to it, and to the next one when that hub is
   * detached. The hub reports this conflict to `ports.report`.
   *
   * @throws {HoldfastError} `misuse` when the hub is closed
   */
  attach(server: HttpServerLike, options?: AttachOptions): Unsubscribe
  /** Takes over a socket that other code has accepted. It must be open, and nothing may have been read from it. */
  accept(socket: SocketLike, request: RequestLike): void
  /**
   * Gives a session up for the other hubs that share the broker, to empty this one: asks the client to settle what is under way, for up
   * to 5 s, and to dial again. The session ends here as `moved`, and goes on where its client arrives.
   *
   * @throws {HoldfastError} `misuse` if the broker keeps no sessions
   */
  park(peer: Peer<C, Data>): void
  /**
   * Closes the hub permanently: it accepts no more connections, ends every session, and closes every connection with
   * 1012. Resolves when all sockets are closed, and leaves no timer and no listener.
   *
   * With `drain`, the hub first asks the clients to finish and to dial again at different moments, and gives them
   * that many milliseconds: after a deploy, no message is then `unknown`. A second call without `drain` ends this
   * wait.
   *
   * If the broker keeps sessions, and can be reached, they do not end: another hub goes on with them. What the application sends
   * meanwhile, and the answers of handlers that still run, reach the clients there; the hub waits for such handlers as long as `drain`.
   */
  close(options?: { readonly drain?: number }): Promise<void>
}

/** The options of `attach`: which upgrades the hub handles. */
export interface AttachOptions {
  /**
   * The path of the URL, exactly and without its query.
   *
   * @default '/ws'
   */
  readonly path?: string
}

/** The options of a broadcast. */
export interface BroadcastOptions<P> extends SendOptions {
  /**
   * The peers to omit: one, several, or those for which a function returns true. The function is called for all peers
   * before any message is sent, and must be synchronous; if it throws, no peer gets the event. It is `misuse` where the event goes to
   * other hubs.
   */
  readonly except?: P | Iterable<P> | ((peer: P) => boolean)
  /** The identities to omit, on all hubs. */
  readonly exceptIdentities?: readonly string[]
  /**
   * Whether the event goes to the clients of this hub only.
   *
   * @default false
   */
  readonly local?: boolean
}

/** The kinds of `watch`, and the arguments of their listeners. */
export interface HubLifecycle<P = Peer> {
  /** A session has a connection: its first, or a further one that resumed it. */
  readonly open: { readonly peer: P; readonly resumed: boolean; readonly replayed: number }
  /** A session has lost its connection, and is held for the `sessionTimeout`. */
  readonly down: { readonly peer: P; readonly code: number; readonly reason: string }
  /** A session has ended. */
  readonly closed: PeerEnd & { readonly peer: P }
  /** A message arrived that cannot be delivered to listeners, because it does not fit the contract. */
  readonly invalid: InvalidMessage<P>
  /**
   * An event arrived that has no listener, by its name or with `onAny`, or text or bytes arrived without an `onRaw`
   * listener.
   *
   * The name of the event may be misspelled at one end; the hub logs the first message of each name. For the client
   * the message is `delivered`.
   */
  readonly unhandled: UnhandledMessage<P>
  /**
   * A connection was refused, or closed for a violation of the protocol or a limit, with this code.
   *
   * An upgrade that was answered with the status 400, 403 or 503 has 4400, 4403 or 1013, or 1012 when the hub is
   * closed. The first of each kind in a minute also goes to `ports.warn`.
   */
  readonly refused: {
    readonly code: number
    readonly why: string
    /** For a client that has a session, as much of it as `authenticate` gets on `renew`. */
    readonly request: RequestLike
    readonly peer?: P
    /** The exception of `authenticate`. */
    readonly error?: unknown
  }
  /**
   * A client has answered a ping of the hub: `rtt` is the time that it took, in milliseconds. Happens once per
   * `pingInterval` and connection.
   */
  readonly rtt: { readonly peer: P; readonly rtt: number }
}

/**
 * An inbound message that cannot be delivered to listeners. The connection stays open.
 *
 * - `unknown-name`: the contract has schemas, and none for this name.
 * - `schema`: the data does not fit its schema; `issues` lists why, or `error` is what the schema threw.
 */
export interface InvalidMessage<P = Peer> extends InvalidData {
  readonly peer: P
}

/** An inbound message without a listener. */
export interface UnhandledMessage<P = Peer> extends Unhandled {
  readonly peer: P
}
