import type {
  AnyContract,
  AsyncDisposeLike,
  Delivery,
  EventArguments,
  EventData,
  EventName,
  Handler,
  RequestAnswer,
  RequestArguments,
  RequestContext,
  RequestInput,
  RequestName,
  RequestOptions,
  SendOptions,
  Unsubscribe,
  WaitOptions,
} from '@holdfast/protocol'
import type { ClientState, Lifecycle } from './lifecycle.ts'

// `string &` makes the compiler's complaints list the names that there are, instead of how they are computed.

/** A typed connection that stays up: made by `createClient`. */
export interface Client<C = AnyContract> extends AsyncDisposeLike {
  /**
   * Starts to connect, and keeps connecting until `disconnect()` or `dispose()`. While the client waits for the next
   * attempt, it dials now, like `reconnect()`; while it is connecting or open, nothing happens.
   *
   * The promise resolves when the connection is open. It need not be awaited: a rejection that nobody looks at is not
   * reported as unhandled. Aborting the signal ends only the waiting.
   *
   * @throws {HoldfastError} `no-websocket` or `misuse`, synchronously, when connecting cannot work at all
   * @throws {HoldfastError} rejects with `connect-failed`, `disconnected`, `disposed` or `aborted`
   */
  connect(options?: WaitOptions): Promise<void>
  /**
   * Replaces the connection by a new one now, without waiting for a backoff delay. Otherwise like `connect()`.
   *
   * "Now" is not sooner than `minDelay` of the {@link ClientOptions.backoff} after the last dial, nor than the server has
   * asked for. What has failed before still counts for the delays that follow.
   *
   * The old connection is closed, but not waited for: the server may see the new one before it sees the old one end.
   */
  reconnect(options?: WaitOptions): Promise<void>
  /**
   * Closes the connection and does not open it again until `connect()`. Handlers stay. Messages that wait are kept for
   * the next connection, or settle as `undelivered`, `closed` with `queue: 'discard'`.
   *
   * Frames that still come in are dropped, as a browser drops them. The promise resolves when the socket has closed, 2 s
   * later at most, and never rejects.
   *
   * @throws {HoldfastError} `misuse`, synchronously, for a code or a reason that pages cannot close with
   */
  disconnect(options?: DisconnectOptions): Promise<void>
  /** Ends the client: settles every message, request and wait, and removes every handler. Cannot be undone. */
  dispose(): Promise<void>

  /**
   * Sends an event, or queues it until the connection is open.
   *
   * @throws {HoldfastError} `misuse` for a name that is not a string, data that the wire or the contract cannot take,
   * or options that make no sense
   */
  send<Name extends string & EventName<C, 'toServer'>>(
    name: Name,
    ...args: EventArguments<EventData<C, 'toServer', Name>, SendOptions>
  ): Delivery
  /**
   * Sends text or bytes as they are, in order with the events. Bytes are copied.
   *
   * @throws {HoldfastError} `misuse` for anything else, and for text with a lone surrogate, which no socket can send
   */
  sendRaw(data: string | ArrayBuffer | ArrayBufferView, options?: SendOptions): Delivery
  /**
   * Sends a request and waits for its answer. The plain wire needs `correlate` for that. On the session wire a request
   * survives a connection that breaks, and the server is told when nobody waits any more.
   *
   * @throws {HoldfastError} `misuse`, synchronously, as `send` does
   * @throws {HoldfastError} rejects with `remote`, `timeout`, `aborted`, `invalid`, `undelivered`, `unknown` or
   * `disposed`; `outcome` tells what became of the request message itself
   */
  request<Name extends string & RequestName<C>>(
    name: Name,
    ...args: RequestArguments<C, Name, RequestOptions>
  ): Promise<RequestAnswer<C, Name>>
  /**
   * Answers the requests of that name that the server sends, until the returned function is called. Needs the session
   * wire. Of what a handler throws, the server sees only a {@link HoldfastError} with code `remote`: its `reason`,
   * message and `data`. With a contract of schemas the input is checked before, and the answer after.
   *
   * @throws {HoldfastError} `misuse` when the name has a handler, is no request in the contract, or on the plain wire
   */
  handle<Name extends string & RequestName<C, 'toClient'>>(
    name: Name,
    handler: (
      input: RequestInput<C, 'toClient', Name>,
      context: RequestContext,
    ) => RequestAnswer<C, Name, 'toClient'> | Promise<RequestAnswer<C, Name, 'toClient'>>,
  ): Unsubscribe
  /**
   * Resolves when no more than `below` bytes wait in the queue and in the socket: for uploads in pieces.
   *
   * @throws {HoldfastError} rejects with `aborted` or `disposed`
   */
  drained(options?: DrainOptions): Promise<void>

  /**
   * Calls the handler for every event of that name, until the returned function is called.
   *
   * A handler that throws or rejects is reported, and breaks nothing.
   */
  on<Name extends string & EventName<C, 'toClient'>>(
    name: Name,
    handler: Handler<EventData<C, 'toClient', Name>>,
  ): Unsubscribe
  /** Like `on`, for the next event only. */
  once<Name extends string & EventName<C, 'toClient'>>(
    name: Name,
    handler: Handler<EventData<C, 'toClient', Name>>,
  ): Unsubscribe
  /** Removes a handler that `on` or `once` added. */
  off<Name extends string & EventName<C, 'toClient'>>(
    name: Name,
    handler: Handler<EventData<C, 'toClient', Name>>,
  ): void
  /** Calls the handler for every event, after the handlers of its name. */
  onAny(handler: (name: string, data: unknown) => unknown): Unsubscribe
  /** Calls the handler for every frame that is not an event. */
  onRaw(handler: Handler<string | Uint8Array>): Unsubscribe

  /** Calls the listener for what happens to the connection and to messages. Can never collide with an event's name. */
  watch<Kind extends keyof Lifecycle>(kind: Kind, listener: Handler<Lifecycle[Kind]>): Unsubscribe
  /** Where the connection stands. Immutable: a change makes a new object, no change keeps the old. */
  readonly state: ClientState
  /** Calls the listener after every change of `state`. Fits `useSyncExternalStore` and the stores of Svelte and Vue. */
  subscribe(listener: () => unknown): Unsubscribe
  /** Counters and sizes as of now. Not part of `state`, so that traffic re-renders nothing. */
  stats(): ClientStats

  /** Never present. Lets the compiler infer the contract from a type that extends this one, for `events()`. */
  readonly '~contract'?: C | object
}

export interface DisconnectOptions {
  /**
   * What becomes of messages that wait.
   *
   * @default 'keep'
   */
  readonly queue?: 'keep' | 'discard'
  /**
   * The code to close with: 1000, or 3000 to 4999. A hub of `@holdfast/server` gets it with the end of the session.
   *
   * @default 1000
   * @see WHATWG WebSockets, section 3.1
   */
  readonly code?: number
  /**
   * Why, in up to 123 bytes of UTF-8.
   *
   * @default ''
   */
  readonly reason?: string
}

export interface DrainOptions extends WaitOptions {
  /**
   * How much may be left, in bytes.
   *
   * @default 0
   */
  readonly below?: number
}

/** Counters since the client was made, and sizes as of now. Bytes are those of the payloads. */
export interface ClientStats {
  /** The round-trip time, smoothed, in milliseconds; undefined until a heartbeat or a greeting has measured it. */
  readonly rtt: number | undefined
  readonly queuedMessages: number
  readonly queuedBytes: number
  /** How many messages were written and not yet acknowledged; 0 on the plain wire. */
  readonly unacknowledgedMessages: number
  /** What the socket has taken and not yet sent. */
  readonly bufferedBytes: number
  /** Messages that were sent or delivered. */
  readonly sentMessages: number
  readonly sentBytes: number
  readonly receivedMessages: number
  /** Text counts by its length in UTF-16 units, which is exact for ASCII and too little for the rest. */
  readonly receivedBytes: number
  /** How many connections were opened. */
  readonly opens: number
  /** Messages that went to `watch('unhandled')`. */
  readonly unhandled: number
  /** Messages that went to `watch('invalid')`. */
  readonly invalid: number
}
