export { createHub } from './create-hub.ts'
export type {
  Broker,
  BrokerListener,
  BrokerNode,
  LogBounds,
  LogEntry,
  LogRange,
  LogSlice,
  Member,
  MemberChange,
  Members,
  NewEntry,
  Place,
  Position,
} from './channels/broker.ts'
export type {
  Channel,
  ChannelMember,
  ChannelPage,
  ChannelPublication,
  HistoryOptions,
  HubChannelKind,
  HubChannelName,
  PublicationData,
  PublicationName,
  PublicationOf,
  PublishOptions,
} from './channels/channel.ts'
export type { ChannelHistory, ChannelPresence, ChannelRules, Permission, Verdict } from './channels/kinds.ts'
export type { Recipient, RecipientOptions } from './channels/recipient.ts'
export type { PeerJoinOptions } from './channels/peer-join-options.ts'
export { memory } from './channels/memory.ts'
export { createPublisher } from './channels/publisher.ts'
export type { Publisher, PublisherKinds } from './channels/publisher.ts'
export type { MemoryOptions } from './channels/memory.ts'
export type {
  AttachOptions,
  BroadcastOptions,
  Hub,
  HubLifecycle,
  InvalidMessage,
  UnhandledMessage,
} from './hub.ts'
export type { CompressionOptions } from './compression.ts'
export type { HubHealth } from './health.ts'
export type { Hosts } from './hosts.ts'
export type { HubStats } from './hub-stats.ts'
export type { AuthenticateContext, Authentication, MaybeAuthentication } from './authenticate.ts'
export type { HubLimits } from './limits.ts'
export type { HubOptions } from './options.ts'
export type { Origins } from './origins.ts'
export type { Peer, PeerArrival, PeerEnd } from './peer.ts'
export type {
  Claim,
  MailboxEntry,
  ParkedState,
  PostResult,
  ReleaseRequest,
  SessionStoreListener,
  SessionStoreNode,
  SessionToken,
  Taken,
  TakeOptions,
} from './moves/session-store.ts'
export type { HubPorts, RequestLike, SocketLike } from './ports.ts'
export { HoldfastError, isHoldfastError, schemas } from '@holdfast/protocol'
export type {
  AbortSignalLike,
  AnyContract,
  AsyncDisposeLike,
  ChannelData,
  ChannelEvent,
  ChannelKind,
  Checks,
  Clock,
  Contract,
  DecodeLimits,
  Delivery,
  EventData,
  EventName,
  HoldfastErrorCode,
  HoldfastErrorDetails,
  InvalidData,
  KindOf,
  LostReason,
  Outcome,
  PresenceData,
  RequestContext,
  RequestName,
  RequestOptions,
  RequestSchema,
  SchemaContract,
  SchemaIssue,
  SchemaResult,
  Schemas,
  SendOptions,
  ServerContractOf,
  StandardSchema,
  UndeliveredReason,
  UnknownReason,
  Unsubscribe,
  Window,
} from '@holdfast/protocol'
export type { MessageTrace, TracedMessage, TraceResult } from './tracer.ts'
export type { HttpServerLike } from './upgrades.ts'
