// Written by `node test/package/api.ts --accept`.
import {
  O as Outcome,
  C as Cause,
  A as AbortSignalLike,
  W as Wire,
  S as SocketConstructor,
  a as OutboxOptions,
  b as CloseRules,
  c as Store,
  P as Ports,
  d as SchemaContract,
  e as Client,
  f as ContractOf,
  g as Contract,
  h as AnyContract,
  i as Payload,
} from './client-CePVlte2.js'
export {
  j as AsyncDisposeLike,
  k as CauseReason,
  l as ClientState,
  m as ClientStats,
  n as Clock,
  o as CloseAction,
  p as CloseRule,
  D as Delivery,
  q as DrainOptions,
  E as EventData,
  r as EventName,
  s as EventsOptions,
  H as Handler,
  I as InvalidMessage,
  L as Lifecycle,
  t as Loss,
  u as LostReason,
  R as RequestContext,
  v as RequestName,
  w as RequestOptions,
  x as RequestSchema,
  y as Resumption,
  z as SchemaIssue,
  B as SchemaResult,
  F as SendOptions,
  G as Signal,
  J as Signals,
  K as SocketLike,
  M as StandardSchema,
  U as UndeliveredReason,
  N as UnknownReason,
  Q as Unsubscribe,
  T as WaitOptions,
  V as defaultCloseRules,
} from './client-CePVlte2.js'
type HoldfastErrorCode =
  | 'misuse'
  | 'no-websocket'
  | 'connect-failed'
  | 'wire-mismatch'
  | 'disconnected'
  | 'disposed'
  | 'timeout'
  | 'aborted'
  | 'remote'
  | 'invalid'
  | 'undelivered'
  | 'unknown'
  | 'overflow'
  | 'not-stored'
interface HoldfastErrorDetails {
  readonly cause?: unknown
  readonly reason?: string
  readonly data?: unknown
  readonly outcome?: Outcome
}
declare class HoldfastError extends Error implements HoldfastErrorDetails {
  readonly code: HoldfastErrorCode
  readonly reason?: string
  readonly data?: unknown
  readonly outcome?: Outcome
  constructor(code: HoldfastErrorCode, message: string, details?: HoldfastErrorDetails)
}
declare function isHoldfastError(value: unknown): value is HoldfastError
interface PlainFrame {
  readonly type?: unknown
  readonly data: unknown
  readonly id?: unknown
  readonly error?: unknown
}
interface BackoffOptions {
  readonly minDelay?: number
  readonly baseDelay?: number
  readonly maxDelay?: number
  readonly maxAttempts?: number
  readonly minUptime?: number
}
type UrlSource =
  | string
  | {
      readonly href: string
    }
interface ClientOptions {
  readonly url: UrlSource | ((context: UrlContext) => UrlSource | Promise<UrlSource>)
  readonly token?: (context: TokenContext) => string | Promise<string>
  readonly wire?: Wire
  readonly WebSocket?: SocketConstructor
  readonly protocols?: string | readonly string[]
  readonly backoff?: BackoffOptions | ((context: BackoffContext) => number)
  readonly attemptTimeout?: number
  readonly outbox?: OutboxOptions
  readonly closeCodes?: CloseRules
  readonly store?: Store
  readonly ports?: Partial<Ports>
}
interface UrlContext {
  readonly attempt: number
  readonly token: string | undefined
  readonly signal: AbortSignalLike
}
interface TokenContext {
  readonly reason: 'connect' | 'reconnect' | 'unauthorized' | 'renew'
}
interface BackoffContext {
  readonly failures: number
  readonly cause: Cause
  readonly random: number
}
declare function createClient<const S extends SchemaContract>(
  options: ClientOptions & {
    readonly contract: S
  },
): Client<ContractOf<S>>
declare function createClient<C extends Contract = AnyContract>(options: ClientOptions): Client<C>
interface PlainOptions {
  readonly shape?: 'flat' | 'envelope'
  readonly encode?: (name: string, data: unknown, id?: string) => Payload
  readonly decode?: (frame: string | Uint8Array) => PlainFrame | undefined
  readonly greet?: (context: { readonly token: string | undefined }) => Payload | undefined
  readonly greeted?: (frame: PlainFrame) => boolean
  readonly heartbeat?: PlainHeartbeat
  readonly correlate?: string
  readonly maxFrameBytes?: number
}
interface PlainHeartbeat {
  readonly message: Payload
  readonly isReply: (frame: PlainFrame) => boolean
  readonly interval?: number
  readonly timeout?: number
}
declare function plain(options?: PlainOptions): Wire
interface SessionOptions {
  readonly maxFrameBytes?: number
  readonly window?: readonly [messages: number, bytes: number]
}
declare function session(options?: SessionOptions): Wire
export {
  AbortSignalLike,
  AnyContract,
  Cause,
  Client,
  CloseRules,
  Contract,
  ContractOf,
  HoldfastError,
  OutboxOptions,
  Outcome,
  Payload,
  Ports,
  SchemaContract,
  SocketConstructor,
  Store,
  Wire,
  createClient,
  isHoldfastError,
  plain,
  session,
}
export type {
  BackoffContext,
  BackoffOptions,
  ClientOptions,
  HoldfastErrorCode,
  HoldfastErrorDetails,
  PlainFrame,
  PlainHeartbeat,
  PlainOptions,
  SessionOptions,
  TokenContext,
  UrlContext,
  UrlSource,
}
