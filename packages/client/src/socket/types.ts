import type { SocketConstructor } from '../platform/ports.ts'
import type { Ports } from '../platform/ports.ts'
import type { SocketHeartbeat } from './ping.ts'

/** What a WebSocket sends: text, bytes, or a `Blob`. */
export type SocketData = string | ArrayBuffer | ArrayBufferView | BlobLike

/** The part of a `Blob` that matters here. */
export interface BlobLike {
  readonly size: number
  readonly type: string
}

/** The part of a DOM event that every platform has. */
export interface SocketEvent {
  readonly type: string
  readonly target?: unknown
}

/** An `Event` of an `error`, with what is known of the failure. */
export interface SocketErrorEvent extends SocketEvent {
  /** `TIMEOUT` when the attempt took longer than `connectionTimeout`. */
  readonly message?: string
  readonly error?: unknown
}

export interface SocketMessageEvent extends SocketEvent {
  /** Text, or bytes in the form that `binaryType` says. */
  readonly data: unknown
  readonly origin?: string
}

export interface SocketCloseEvent extends SocketEvent {
  /** The close code as the native socket reported it. 1006 if the connection was lost, or no socket was opened. */
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
}

/** The events of a socket, by their types. */
export interface SocketEventMap {
  open: SocketEvent
  message: SocketMessageEvent
  error: SocketErrorEvent
  close: SocketCloseEvent
}

/** A method, so that listeners for the DOM's own event types fit. */
export type EventListenerLike<Event = SocketEvent> =
  | { listener(event: Event): unknown }['listener']
  | { handleEvent(event: Event): unknown }

/** The value of `onopen` and the others. */
export type EventHandler<Event> = { handler(event: Event): unknown }['handler'] | null

export interface ListenerOptions {
  readonly capture?: boolean | undefined
  readonly once?: boolean | undefined
  readonly passive?: boolean | undefined
  readonly signal?: SignalLike | undefined
}

/** The part of an `AbortSignal` that matters here. */
export interface SignalLike {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
}

/** An `EventTarget`. */
export interface EventTargetLike {
  addEventListener(
    type: string,
    listener: EventListenerLike<never> | null,
    options?: boolean | ListenerOptions,
  ): void
  removeEventListener(
    type: string,
    listener: EventListenerLike<never> | null,
    options?: boolean | ListenerOptions,
  ): void
  dispatchEvent(event: SocketEvent): boolean
}

/** The `EventTarget` of a socket, with the types of its events. */
export interface SocketEventTarget extends EventTargetLike {
  addEventListener<Type extends keyof SocketEventMap>(
    type: Type,
    listener: EventListenerLike<SocketEventMap[Type]> | null,
    options?: boolean | ListenerOptions,
  ): void
  addEventListener(
    type: string,
    listener: EventListenerLike | null,
    options?: boolean | ListenerOptions,
  ): void
}

/** A URL or the function that returns it, called before every attempt. */
export type UrlProvider = string | { readonly href: string } | (() => string | Promise<string>)

/** Subprotocols or the function that returns them, called before every attempt. */
export type ProtocolsProvider =
  | string
  | readonly string[]
  | null
  | (() => string | readonly string[] | null | Promise<string | readonly string[] | null>)

/** The options of a {@link ReconnectingWebSocket}. Times in milliseconds. */
export interface ReconnectingWebSocketOptions {
  /**
   * The delay of the first retry, and the least of all others.
   *
   * @default 500
   */
  readonly minReconnectionDelay?: number
  /**
   * The largest delay before `jitter`.
   *
   * @default 30_000
   */
  readonly maxReconnectionDelay?: number
  /**
   * The factor by which each further failure in a row multiplies the delay.
   *
   * @default 2
   */
  readonly reconnectionDelayGrowFactor?: number
  /**
   * The largest random share that is added to each delay, so that many clients do not dial at the same moment: 1 makes it up
   * to twice as long, 0 adds nothing.
   *
   * @default 1
   */
  readonly jitter?: number
  /**
   * How long a connection must be open to count as stable, which resets `retryCount`.
   *
   * @default 5_000
   */
  readonly minUptime?: number
  /**
   * How long an attempt may take; twice and then three times as long after attempts that timed out. Browsers may delay a dial
   * for 5 s, so avoid a shorter one.
   *
   * @default 10_000, and `Infinity` if `maxRetries` and `maxEnqueuedMessages` are 0
   */
  readonly connectionTimeout?: number
  /**
   * How many retries in a row may follow a failure. With 0 the socket never dials again by itself.
   *
   * @default Infinity
   */
  readonly maxRetries?: number
  /**
   * How many messages wait while there is no connection. Further ones are dropped, as a native socket drops what is sent after
   * its end: they count in `bufferedAmount` permanently.
   *
   * @default Infinity
   */
  readonly maxEnqueuedMessages?: number
  /**
   * How many bytes of messages wait while there is no connection.
   *
   * @default Infinity
   */
  readonly maxEnqueuedBytes?: number
  /**
   * Whether the socket waits for `reconnect()` before it dials.
   *
   * @default false
   */
  readonly startClosed?: boolean
  /** Returns whether to dial again after this close. By default always, until `close()` is called. */
  readonly shouldReconnectOnClose?: (event: SocketCloseEvent) => boolean
  /**
   * Whether `close()` dispatches the `close` event before it returns, with the code that was passed, as partysocket does. By
   * default the event follows when the connection has ended, with the code of the native socket, as the standard and
   * reconnecting-websocket have it.
   *
   * @default false
   */
  readonly closeImmediately?: boolean
  /** A message that the server answers, to notice a dead connection: `ping()`. By default none. */
  readonly heartbeat?: SocketHeartbeat
  /** The socket constructor, for runtimes without a global `WebSocket`. */
  readonly WebSocket?: SocketConstructor
  /**
   * Whether to log what happens.
   *
   * @default false
   */
  readonly debug?: boolean
  /** Logs in place of `console.log`. */
  readonly debugLogger?: (...values: unknown[]) => void
  /** The clock, randomness, platform signals, and the receiver of exceptions. For tests and special platforms. */
  readonly ports?: Partial<Ports>
}
