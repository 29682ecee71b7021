export { ping } from './ping.ts'
export type { SocketHeartbeat, SocketPingOptions } from './ping.ts'
export { ReconnectingWebSocket, ReconnectingWebSocket as default } from './reconnecting-websocket.ts'
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
  SocketMessageEvent,
  UrlProvider,
} from './types.ts'
