export type {
  AsyncDisposeLike,
  Client,
  ClientState,
  ClientStats,
  DrainOptions,
  EventsOptions,
  Handler,
  Lifecycle,
  RequestOptions,
  Unsubscribe,
  WaitOptions,
} from './client.ts'
export type { BackoffOptions } from './connection/backoff.ts'
export type { Cause, CauseReason } from './connection/cause.ts'
export type { Payload } from './connection/connection.ts'
export type {
  AbortSignalLike,
  Clock,
  Ports,
  Signal,
  Signals,
  SocketConstructor,
  SocketLike,
} from './connection/ports.ts'
export type { UrlSource } from './connection/url.ts'
export type { AnyContract, Contract, ContractOf, EventData, EventName, RequestName } from './contract.ts'
export { createClient } from './create-client.ts'
export type { Delivery, Outcome, UndeliveredReason } from './delivery.ts'
export { HoldfastError, isHoldfastError } from './errors.ts'
export type { HoldfastErrorCode, HoldfastErrorDetails } from './errors.ts'
export type { BackoffContext, ClientOptions, TokenContext, UrlContext } from './options.ts'
export type { OutboxOptions, SendOptions } from './outbox.ts'
export { plain } from './plain.ts'
export type { PlainHeartbeat, PlainOptions } from './plain.ts'
export type { RequestSchema, SchemaContract, SchemaIssue, SchemaResult, StandardSchema } from './schema.ts'
export type { InvalidMessage, Wire } from './wire.ts'
export { defaultCloseRules } from '@holdfast/protocol'
export type { CloseAction, CloseRule, CloseRules, PlainFrame } from '@holdfast/protocol'
