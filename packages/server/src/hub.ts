import type {
  AnyContract,
  EventArguments,
  EventData,
  EventName,
  RequestAnswer,
  RequestContext,
  RequestInput,
  RequestName,
  SchemaIssue,
  SendOptions,
} from '@holdfast/protocol'
import type { Unsubscribe } from './listeners.ts'
import type { Peer, PeerEnd } from './peer.ts'
import type { RequestLike, SocketLike } from './ports.ts'
import type { HttpServerLike } from './upgrades.ts'

/** What makes `await using` work, where the types of the platform know it. */
export type AsyncDisposeLike = SymbolConstructor extends { readonly asyncDispose: infer Key extends symbol }
  ? { readonly [Name in Key]: () => Promise<void> }
  : object

/** The server side of the session wire: made by `createHub`. */
export interface Hub<C = AnyContract, Data = unknown> extends AsyncDisposeLike {
  /**
   * Calls the listener for every event of that name, from any client, until the returned function is called.
   *
   * A listener that throws or rejects is reported, and breaks nothing.
   */
  on<Name extends string & EventName<C, 'toServer'>>(
    name: Name,
    listener: (data: EventData<C, 'toServer', Name>, peer: Peer<C, Data>) => unknown,
  ): Unsubscribe
  /** Calls the listener for every event, after the listeners of its name. */
  onAny(listener: (name: string, data: unknown, peer: Peer<C, Data>) => unknown): Unsubscribe
  /** Calls the listener for all text and bytes that are no events, as `sendRaw` sends them. */
  onRaw(listener: (data: string | Uint8Array, peer: Peer<C, Data>) => unknown): Unsubscribe
  /**
   * Answers the requests of that name by what the handler returns or resolves to. The signal is aborted when the client
   * no longer waits, or can no longer get the answer.
   *
   * A handler that throws a `HoldfastError` with the code `remote` sends its reason, message and data to the client. Of
   * any other exception the client hears `internal`, and it is reported here.
   *
   * @throws {HoldfastError} `misuse` when the name has a handler, or is no request in the contract
   */
  handle<Name extends string & RequestName<C>>(
    name: Name,
    handler: (
      input: RequestInput<C, 'toServer', Name>,
      peer: Peer<C, Data>,
      context: RequestContext,
    ) => RequestAnswer<C, Name> | Promise<RequestAnswer<C, Name>>,
  ): Unsubscribe
  /** Calls the listener once per session, when its client has confirmed it, before any message of it. */
  onPeer(listener: (peer: Peer<C, Data>) => unknown): Unsubscribe
  /** Calls the listener for what happens to sessions and connections. Can never collide with an event's name. */
  watch<Kind extends keyof HubLifecycle>(
    kind: Kind,
    listener: (value: HubLifecycle<Peer<C, Data>>[Kind]) => unknown,
  ): Unsubscribe

  /** The sessions that there are, by id, also those whose client is away for the moment. */
  readonly peers: ReadonlyMap<string, Peer<C, Data>>
  /**
   * Sends an event to everybody, or to those that the options say. It is encoded once. Sessions that end because too much
   * waits for them are told of when it is sent to all others.
   *
   * @throws {HoldfastError} `misuse`, as `peer.send` does
   */
  broadcast<Name extends string & EventName<C, 'toClient'>>(
    name: Name,
    ...args: EventArguments<EventData<C, 'toClient', Name>, BroadcastOptions<Peer<C, Data>>>
  ): void
  /** Counters since the hub was made, and sizes as of now. */
  stats(): HubStats

  /**
   * Takes the upgrades of an HTTP server that are for its path, until the returned function is called. The server of
   * `node:http`, of Express (what `listen` returns) and of Fastify (`fastify.server`) will do.
   *
   * No other listener of 'upgrade' sees what the hub takes, whoever was attached first: other libraries answer or destroy
   * what they do not know. All other upgrades go to the other listeners, and only when there are none, the hub answers
   * them with 404, because Node would leave the socket hanging. Does not close what it has accepted when it is taken off.
   *
   * A path of a server belongs to the first hub that is attached to it, and to the next one when that is taken off. The
   * second is told so by `ports.report`.
   *
   * @throws {HoldfastError} `misuse` when the hub is closed
   */
  attach(server: HttpServerLike, options?: AttachOptions): Unsubscribe
  /** Takes a socket that somebody else has accepted. It must be open, and nothing may have been read from it. */
  accept(socket: SocketLike, request: RequestLike): void
  /**
   * Closes the hub for good: it accepts nothing any more, ends every session, and closes every connection with 1012.
   * Resolves when all sockets are gone, and leaves no timer and no listener.
   *
   * With `drain`, it first asks the clients to finish and to dial again at moments that are spread out, and gives them
   * that many milliseconds: a deploy then leaves nothing unknown. Called again without, it does not wait any longer.
   */
  close(options?: { readonly drain?: number }): Promise<void>
}

/** Which upgrades a hub takes. */
export interface AttachOptions {
  /**
   * The path of the URL, exactly and without its query.
   *
   * @default '/ws'
   */
  readonly path?: string
}

/** How a broadcast is to be treated. */
export interface BroadcastOptions<P> extends SendOptions {
  /**
   * Whom to leave out: a peer, several, or those for which the function says so. It is asked for everybody before anything
   * is sent; when it throws, nobody gets the event.
   */
  readonly except?: P | Iterable<P> | ((peer: P) => boolean)
}

/** What `watch` can watch, and what its listeners get. */
export interface HubLifecycle<P = Peer> {
  /** A session has a connection: its first one, or one more that resumed it. */
  readonly open: { readonly peer: P; readonly resumed: boolean; readonly replayed: number }
  /** A session has lost its connection, and is held for the `sessionTimeout`. */
  readonly down: { readonly peer: P; readonly code: number; readonly reason: string }
  /** A session has ended. */
  readonly closed: PeerEnd & { readonly peer: P }
  /** A message came in that no listener can be given, because it is not what the contract says. */
  readonly invalid: InvalidMessage<P>
  /**
   * An event came in that nobody listens to, by its name or with `onAny`, or text or bytes came in and nobody listens with
   * `onRaw`. The name of the event may be misspelt, at one of the ends; the first message of each name is logged. For the
   * client the message is `delivered`.
   */
  readonly unhandled: UnhandledMessage<P>
  /**
   * A connection was refused, or closed for a violation of the protocol or a limit, with this code; an upgrade that was
   * answered with the status 400, 403 or 503 has 4400, 4403 or 1013, or 1012 when the hub is closed. The first of each
   * kind in a minute goes to `ports.warn`, too.
   */
  readonly refused: {
    readonly code: number
    readonly why: string
    readonly request: RequestLike
    readonly peer?: P
    /** What `authenticate` threw. */
    readonly error?: unknown
  }
}

/**
 * An inbound message that cannot be handed to a listener. The connection stays up.
 *
 * - `unknown-name`: the contract has schemas, and none for this name.
 * - `schema`: the data does not fit its schema; `issues` says why, or `error` what the schema threw.
 */
export interface InvalidMessage<P = Peer> {
  readonly peer: P
  readonly reason: 'unknown-name' | 'schema'
  readonly name?: string
  readonly data: unknown
  readonly error?: unknown
  readonly issues?: readonly SchemaIssue[]
}

/** An inbound message that nobody listens to. */
export interface UnhandledMessage<P = Peer> {
  readonly peer: P
  /** The name of the event; undefined for text or bytes that are not an event. */
  readonly name: string | undefined
  /** The data of the event, or the text or bytes. */
  readonly data: unknown
}

/** Counters since the hub was made, and sizes as of now. */
export interface HubStats {
  /** Sockets that are open or closing. */
  readonly connections: number
  /** Connections that have not greeted yet. */
  readonly greeting: number
  /** Sessions, with a connection or without, confirmed or not. */
  readonly sessions: number
  /** Sessions that have a connection. */
  readonly connected: number
  /** Ended sessions that are remembered. */
  readonly tombstones: number
  /** Producers of clients that are remembered. */
  readonly producers: number
  /** What waits for clients to take and to acknowledge it: each message counts for every session that it waits for. */
  readonly bufferedMessages: number
  /** The memory that this takes, as `limits.maxBufferedTotalBytes` counts it. */
  readonly bufferedBytes: number
  /** Connections that were accepted. */
  readonly accepted: number
  /** Connections that were refused, or closed for a violation or a limit. */
  readonly refused: number
  /** Sessions that were confirmed. */
  readonly opened: number
  /** How often a session was resumed. */
  readonly resumed: number
  /** Messages of the applications of clients that came in. */
  readonly receivedMessages: number
  /** Volatile messages of clients that were dropped, because they came faster than `messageRate`. */
  readonly droppedMessages: number
  /** Messages that clients have acknowledged. */
  readonly deliveredMessages: number
  /** Messages that went to `watch('invalid')`. */
  readonly invalid: number
  /** Messages that went to `watch('unhandled')`. */
  readonly unhandled: number
}
