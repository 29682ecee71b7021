export type { AttemptOptions, Protocols, TokenContext, UrlContext } from './connection/preparation.ts'
export type { Client, ClientStats, DisconnectOptions, DrainOptions } from './client.ts'
export type { BackoffOptions } from './connection/backoff.ts'
export type { Cause, CauseReason } from './connection/cause.ts'
export type { Payload } from '@holdfast/protocol'
export type { Diagnose, DiagnoseContext } from './connection/diagnose.ts'
export type { Signal } from './platform/page.ts'
export type { Ports, Signals, SocketConstructor, SocketLike } from './platform/ports.ts'
export type { Diagnosis, Finding, Resumption } from './connection/states.ts'
export type { UrlSource } from './platform/url.ts'
export { createClient } from './plain-client.ts'
export { channel } from './channel/channel.ts'
export type { Member } from './channel/members.ts'
export type {
  Channel,
  ChannelLifecycle,
  ChannelOptions,
  ChannelState,
  Gap,
  History,
  HistoryOptions,
  Position,
  Presence,
  PresenceState,
  Publication,
  PublishOptions,
  Recovered,
} from './channel/types.ts'
export type { StoreClient } from './client-store.ts'
export { countdown } from './countdown.ts'
export type { Countdown } from './countdown.ts'
export { events } from './events/events.ts'
export type { EventsOptions } from './events/events.ts'
export type { ClientState, Lifecycle } from './lifecycle.ts'
export type { BackoffContext, ClientOptions } from './options.ts'
export { diagnosis } from './connection/diagnosis.ts'
export { overHttp } from './connection/over-http.ts'
export type { OverHttpOptions } from './connection/over-http.ts'
export { pending } from './pending.ts'
export type { Pending, PendingMessage } from './pending.ts'
export { correlated } from './wire/correlated.ts'
export type { Correlation } from './wire/correlated.ts'
export { ping } from './wire/ping.ts'
export type { PingOptions, PlainHeartbeat } from './wire/ping.ts'
export { plain } from './wire/plain.ts'
export type { PlainOptions } from './wire/plain.ts'
export { session } from './wire/session/session.ts'
export type { SessionOptions } from './wire/session/session.ts'
export type { Store } from './store.ts'
export type { InvalidMessage, Loss, Wire } from './wire/wire.ts'
export { defaultCloseRules, HoldfastError, isHoldfastError, schemas } from '@holdfast/protocol'
export type {
  AbortSignalLike,
  AnyContract,
  AsyncDisposeLike,
  ChannelData,
  ChannelEvent,
  ChannelKind,
  ChannelName,
  Checks,
  Clock,
  CloseAction,
  CloseRule,
  CloseRules,
  Contract,
  ContractOf,
  DelayRange,
  Delivery,
  EventData,
  EventName,
  Handler,
  HoldfastErrorCode,
  HoldfastErrorDetails,
  InvalidData,
  KindOf,
  LostReason,
  Outcome,
  OutboxOptions,
  PresenceData,
  PlainFrame,
  RequestAnswer,
  RequestContext,
  RequestInput,
  RequestName,
  RequestOptions,
  RequestSchema,
  SchemaContract,
  SchemaData,
  SchemaIssue,
  SchemaResult,
  Schemas,
  SendOptions,
  StandardSchema,
  UndeliveredReason,
  UnhandledMessage,
  UnknownReason,
  Unsubscribe,
  WaitOptions,
} from '@holdfast/protocol'
