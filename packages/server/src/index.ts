export { createHub } from './create-hub.ts'
export type {
  AsyncDisposeLike,
  AttachOptions,
  BroadcastOptions,
  Hub,
  HubLifecycle,
  HubStats,
  InvalidMessage,
  UnhandledMessage,
} from './hub.ts'
export type { Hosts } from './hosts.ts'
export type { Unsubscribe } from './listeners.ts'
export type { AuthenticateContext, Authentication, MaybeAuthentication } from './authenticate.ts'
export type { HubLimits } from './limits.ts'
export type { HubOptions } from './options.ts'
export type { Origins } from './origins.ts'
export type { Peer, PeerEnd } from './peer.ts'
export type { HubPorts, RequestLike, SocketLike } from './ports.ts'
export { HoldfastError, isHoldfastError } from '@holdfast/protocol'
export type {
  AbortSignalLike,
  AnyContract,
  Clock,
  Contract,
  DecodeLimits,
  Delivery,
  EventData,
  EventName,
  HoldfastErrorCode,
  HoldfastErrorDetails,
  LostReason,
  Outcome,
  RequestContext,
  RequestName,
  RequestOptions,
  RequestSchema,
  SchemaContract,
  SchemaIssue,
  SchemaResult,
  SendOptions,
  ServerContractOf,
  StandardSchema,
  UndeliveredReason,
  UnknownReason,
  Window,
} from '@holdfast/protocol'
export type { HttpServerLike } from './upgrades.ts'
