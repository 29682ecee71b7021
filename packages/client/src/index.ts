export type { AttemptOptions, Protocols, TokenContext, UrlContext } from './connection/preparation.ts'
export type { Client, ClientStats, DisconnectOptions, DrainOptions } from './client.ts'
export type { BackoffOptions } from './connection/backoff.ts'
export type { Cause, CauseReason } from './connection/cause.ts'
export type { Payload } from '@holdfast/protocol'
export type { Diagnose, DiagnoseContext } from './connection/diagnose.ts'
export type { Signal } from './connection/page.ts'
export type { Ports, Signals, SocketConstructor, SocketLike } from './connection/ports.ts'
export type { Finding, Resumption } from './connection/states.ts'
export type { UrlSource } from './connection/url.ts'
export { createClient } from './plain-client.ts'
export { events } from './events.ts'
export type { EventsOptions } from './events.ts'
export type { ClientState, InvalidMessage, Lifecycle, Loss } from './lifecycle.ts'
export type { BackoffContext, ClientOptions } from './options.ts'
export { overHttp } from './over-http.ts'
export type { OverHttpOptions } from './over-http.ts'
export { plain } from './plain.ts'
export type { PlainHeartbeat, PlainOptions } from './plain.ts'
export { session } from './session/session.ts'
export type { SessionOptions } from './session/session.ts'
export type { Store } from './store.ts'
export type { Wire } from './wire.ts'
export { defaultCloseRules, HoldfastError, isHoldfastError, schemas } from '@holdfast/protocol'
export type {
  AbortSignalLike,
  AnyContract,
  AsyncDisposeLike,
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
  LostReason,
  Outcome,
  OutboxOptions,
  PlainFrame,
  RequestContext,
  RequestName,
  RequestOptions,
  RequestSchema,
  SchemaContract,
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
