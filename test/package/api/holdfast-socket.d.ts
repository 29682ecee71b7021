// Written by `node test/package/api.ts --accept`.
// holdfast.d.ts has: Clock Payload Signal SocketLike SocketConstructor Signals Ports
interface SocketPingOptions {
  readonly message: Payload
  readonly isReply: (data: unknown) => boolean
  readonly interval?: number
  readonly timeout?: number
}
interface SocketHeartbeat extends Pick<SocketPingOptions, 'message' | 'isReply'> {
  readonly heartbeat: object
}
declare const ping: (options: SocketPingOptions) => SocketHeartbeat
type SocketData = string | ArrayBuffer | ArrayBufferView | BlobLike
interface BlobLike {
  readonly size: number
  readonly type: string
}
interface SocketEvent {
  readonly type: string
  readonly target?: unknown
}
interface SocketErrorEvent extends SocketEvent {
  readonly message?: string
  readonly error?: unknown
}
interface SocketMessageEvent extends SocketEvent {
  readonly data: unknown
  readonly origin?: string
}
interface SocketCloseEvent extends SocketEvent {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
}
interface SocketEventMap {
  open: SocketEvent
  message: SocketMessageEvent
  error: SocketErrorEvent
  close: SocketCloseEvent
}
type EventListenerLike<Event = SocketEvent> =
  | {
      listener(event: Event): unknown
    }['listener']
  | {
      handleEvent(event: Event): unknown
    }
type EventHandler<Event> =
  | {
      handler(event: Event): unknown
    }['handler']
  | null
interface ListenerOptions {
  readonly capture?: boolean | undefined
  readonly once?: boolean | undefined
  readonly passive?: boolean | undefined
  readonly signal?: SignalLike | undefined
}
interface SignalLike {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
}
interface EventTargetLike {
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
interface SocketEventTarget extends EventTargetLike {
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
type UrlProvider =
  | string
  | {
      readonly href: string
    }
  | (() => string | Promise<string>)
type ProtocolsProvider =
  | string
  | readonly string[]
  | null
  | (() => string | readonly string[] | null | Promise<string | readonly string[] | null>)
interface ReconnectingWebSocketOptions {
  readonly minReconnectionDelay?: number
  readonly maxReconnectionDelay?: number
  readonly reconnectionDelayGrowFactor?: number
  readonly jitter?: number
  readonly minUptime?: number
  readonly connectionTimeout?: number
  readonly maxRetries?: number
  readonly maxEnqueuedMessages?: number
  readonly maxEnqueuedBytes?: number
  readonly startClosed?: boolean
  readonly shouldReconnectOnClose?: (event: SocketCloseEvent) => boolean
  readonly closeImmediately?: boolean
  readonly heartbeat?: SocketHeartbeat
  readonly WebSocket?: SocketConstructor
  readonly debug?: boolean
  readonly debugLogger?: (...values: unknown[]) => void
  readonly ports?: Partial<Ports>
}
declare const EventTargetBase: new () => SocketEventTarget
declare class ReconnectingWebSocket extends EventTargetBase {
  #private
  static readonly CONNECTING: 0
  static readonly OPEN: 1
  static readonly CLOSING: 2
  static readonly CLOSED: 3
  readonly CONNECTING: 0
  readonly OPEN: 1
  readonly CLOSING: 2
  readonly CLOSED: 3
  constructor(url: UrlProvider, protocols?: ProtocolsProvider, options?: ReconnectingWebSocketOptions)
  get readyState(): 0 | 1 | 2 | 3
  get url(): string
  get protocol(): string
  get extensions(): string
  get bufferedAmount(): number
  get binaryType(): 'blob' | 'arraybuffer'
  set binaryType(type: 'blob' | 'arraybuffer')
  get onopen(): EventHandler<SocketEvent>
  set onopen(handler: EventHandler<SocketEvent>)
  get onmessage(): EventHandler<SocketMessageEvent>
  set onmessage(handler: EventHandler<SocketMessageEvent>)
  get onerror(): EventHandler<SocketErrorEvent>
  set onerror(handler: EventHandler<SocketErrorEvent>)
  get onclose(): EventHandler<SocketCloseEvent>
  set onclose(handler: EventHandler<SocketCloseEvent>)
  get retryCount(): number
  get shouldReconnect(): boolean
  send(data: SocketData): boolean | undefined
  drainQueuedMessages(): SocketData[]
  close(...closing: readonly [code?: number, reason?: string]): void
  reconnect(code?: number, ...reason: [reason?: string]): void
}
export { ReconnectingWebSocket, ReconnectingWebSocket as default, ping }
export type {
  BlobLike,
  EventHandler,
  EventListenerLike,
  EventTargetLike,
  ListenerOptions,
  ProtocolsProvider,
  ReconnectingWebSocketOptions,
  SignalLike,
  SocketCloseEvent,
  SocketData,
  SocketErrorEvent,
  SocketEvent,
  SocketEventMap,
  SocketEventTarget,
  SocketHeartbeat,
  SocketMessageEvent,
  SocketPingOptions,
  UrlProvider,
}
