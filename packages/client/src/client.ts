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

// `string &` makes compile errors list the existing names instead of the type that computes them.

/** A typed connection that reconnects automatically, created by `createClient`. */
export interface Client<C = AnyContract> extends AsyncDisposeLike {
  /**
   * Starts to connect, and keeps connecting until `disconnect()` or `dispose()`.
   *
   * While the client waits for the next attempt, it dials now, like `reconnect()`; while it is connecting or open,
   * nothing happens.
   *
   * The promise resolves when the connection is open. You need not await it: a rejection without a handler is not
   * reported as unhandled. Aborting the signal ends only the wait.
   *
   * @throws {HoldfastError} `no-websocket` or `misuse`, synchronously, when connecting cannot work at all
   * @throws {HoldfastError} rejects with `connect-failed`, `disconnected`, `disposed` or `aborted`
   */
  connect(options?: WaitOptions): Promise<void>
  /**
   * Replaces the connection with a new one now, without waiting for a backoff delay. Otherwise like `connect()`.
   *
   * "Now" is not sooner than `minDelay` of the {@link ClientOptions.backoff} after the last dial, and not sooner than
   * the server has requested. Earlier failures still count for the delays that follow.
   *
   * The client closes the old connection without waiting for it: the server may see the new connection before the old
   * one ends.
   */
  reconnect(options?: WaitOptions): Promise<void>
  /**
   * Closes the connection and does not open it again until `connect()`. Handlers stay registered.
   *
   * Queued messages wait for the next connection, or settle as `undelivered`, `closed` with `queue: 'discard'`.
   * Frames that arrive after the call are dropped, as browsers do. The promise resolves when the socket has closed, 2
   * s later at most, and never rejects.
   *
   * @throws {HoldfastError} `misuse`, synchronously, for a code or a reason with which pages cannot close
   */
  disconnect(options?: DisconnectOptions): Promise<void>
  /** Ends the client: settles every message, request and wait, and removes every handler. Cannot be undone. */
  dispose(): Promise<void>

  /**
   * Sends an event, or queues it until the connection is open.
   *
   * @throws {HoldfastError} `misuse` for a name that is not a string, data that the wire or the contract does not
   * accept, or invalid options
   */
  send<Name extends string & EventName<C, 'toServer'>>(
    name: Name,
    ...args: EventArguments<EventData<C, 'toServer', Name>, SendOptions>
  ): Delivery
  /**
   * Sends text or bytes unchanged, in order with the events. Bytes are copied.
   *
   * @throws {HoldfastError} `misuse` for anything else, and for text with a lone surrogate, which no socket can send
   */
  sendRaw(data: string | ArrayBuffer | ArrayBufferView, options?: SendOptions): Delivery
  /**
   * Sends a request and waits for its answer. The plain wire needs `correlated()` for that.
   *
   * On the session wire a request survives a broken connection, and the client notifies the server when the caller no
   * longer waits.
   *
   * @throws {HoldfastError} `misuse`, synchronously, as `send` does
   * @throws {HoldfastError} rejects with `remote`, `timeout`, `aborted`, `invalid`, `undelivered`, `unknown` or
   * `disposed`; `outcome` is the outcome of the request message itself
   */
  request<Name extends string & RequestName<C>>(
    name: Name,
    ...args: RequestArguments<C, Name, RequestOptions>
  ): Promise<RequestAnswer<C, Name>>
  /**
   * Answers requests of that name from the server, until the returned function is called. Requires the session wire.
   *
   * With a contract of schemas the client validates the input before the call, and the answer after it. If a handler
   * throws a {@link HoldfastError} with code `remote`, the server receives its `reason`, message and `data`; it
   * receives no details of other exceptions.
   *
   * @throws {HoldfastError} `misuse` when the name has a handler, is not a request in the contract, or on the plain
   * wire
   */
  handle<Name extends string & RequestName<C, 'toClient'>>(
    name: Name,
    handler: (
      input: RequestInput<C, 'toClient', Name>,
      context: RequestContext,
    ) => RequestAnswer<C, Name, 'toClient'> | Promise<RequestAnswer<C, Name, 'toClient'>>,
  ): Unsubscribe
  /**
   * Resolves when the queue and the socket together hold at most `below` bytes. Use it to upload in pieces.
   *
   * @throws {HoldfastError} rejects with `aborted` or `disposed`
   */
  drained(options?: DrainOptions): Promise<void>

  /**
   * Calls the handler for every event of that name, until the returned function is called.
   *
   * The client reports a handler that throws or rejects, and calls the other handlers regardless.
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

  /**
   * Calls the listener for changes of the connection and for outcomes of messages. Separate from event names, so it
   * never collides with them.
   */
  watch<Kind extends keyof Lifecycle>(kind: Kind, listener: Handler<Lifecycle[Kind]>): Unsubscribe
  /** The current state of the connection. Immutable: every change creates a new object. */
  readonly state: ClientState
  /**
   * Calls the listener after every change of `state`. Fits `useSyncExternalStore` and the stores of Svelte and Vue.
   */
  subscribe(listener: () => unknown): Unsubscribe
  /** Current counters and sizes. Not part of `state`, so that traffic causes no re-renders. */
  stats(): ClientStats

  /** Never present. Lets the compiler infer the contract from a type that extends this one, for `events()`. */
  readonly '~contract'?: C | object
}

export interface DisconnectOptions {
  /**
   * Whether queued messages wait for the next connection or settle.
   *
   * @default 'keep'
   */
  readonly queue?: 'keep' | 'discard'
  /**
   * The code to close with: 1000, or 3000 to 4999. A hub of `@holdfast/server` receives it with the end of the
   * session.
   *
   * @default 1000
   * @see WHATWG WebSockets, section 3.1
   */
  readonly code?: number
  /**
   * The reason to close with, up to 123 bytes of UTF-8.
   *
   * @default ''
   */
  readonly reason?: string
}

export interface DrainOptions extends WaitOptions {
  /**
   * How many bytes may remain.
   *
   * @default 0
   */
  readonly below?: number
}

/** Counters since the creation of the client, and current sizes. Bytes are those of the payloads. */
export interface ClientStats {
  /** The smoothed round-trip time in milliseconds; undefined until a heartbeat or a greeting has measured it. */
  readonly rtt: number | undefined
  readonly queuedMessages: number
  readonly queuedBytes: number
  /** The number of messages that were written and not yet acknowledged; 0 on the plain wire. */
  readonly unacknowledgedMessages: number
  /** The bytes that the socket has accepted and not yet sent. */
  readonly bufferedBytes: number
  /** The number of messages with the outcome `sent` or `delivered`. */
  readonly sentMessages: number
  readonly sentBytes: number
  readonly receivedMessages: number
  /** Text counts by its length in UTF-16 units, which is exact for ASCII and too low for other text. */
  readonly receivedBytes: number
  /** The number of connections that were opened. */
  readonly opens: number
  /** The number of messages that were reported to `watch('unhandled')`. */
  readonly unhandled: number
  /** The number of messages that were reported to `watch('invalid')`. */
  readonly invalid: number
}
