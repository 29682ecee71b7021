// Written by `node test/package/api.ts --accept`.
type DelayRange = readonly [min: number, max: number]
type CloseAction = 'refresh' | 'fatal'
interface CloseRule {
  readonly reason: string
  readonly action?: CloseAction
  readonly delay?: DelayRange
  readonly limit?: number
}
type CloseRules = Readonly<Record<number, CloseRule>>
declare const defaultCloseRules: CloseRules
type RequestHandler = (...values: never[]) => unknown
interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?:
      | {
          readonly input: Input
          readonly output: Output
        }
      | undefined
  }
}
type SchemaResult<Output> =
  | {
      readonly value: Output
      readonly issues?: undefined
    }
  | {
      readonly issues: readonly SchemaIssue[]
    }
interface SchemaIssue {
  readonly message: string
  readonly path?:
    | readonly (
        | PropertyKey
        | {
            readonly key: PropertyKey
          }
      )[]
    | undefined
}
interface RequestSchema {
  readonly input: StandardSchema
  readonly output: StandardSchema
}
interface SchemaContract {
  readonly toClient?: Readonly<Record<string, StandardSchema | RequestSchema>>
  readonly toServer?: Readonly<Record<string, StandardSchema | RequestSchema>>
  readonly channels?: Readonly<Record<string, Readonly<Record<string, StandardSchema>>>>
}
interface Schemas<S extends SchemaContract = SchemaContract> {
  readonly schemas: S
  readonly toClient: Checks
  readonly toServer: Checks
  readonly channels: ReadonlyMap<string, Checks>
}
interface Checks {
  message(name: string, data: unknown, isRequest: boolean): void
  answer(name: string, data: unknown): unknown
  event<From extends readonly unknown[]>(
    name: string,
    data: unknown,
    invalid: (message: InvalidData, ...from: From) => void,
    ...from: From
  ):
    | {
        readonly value: unknown
      }
    | undefined
  request(
    name: string,
    handler: RequestHandler,
    invalid: (message: InvalidData, ...rest: never[]) => void,
  ): RequestHandler
}
interface InvalidData {
  readonly reason: 'unknown-name' | 'schema'
  readonly name: string
  readonly data: unknown
  readonly error?: unknown
  readonly issues?: readonly SchemaIssue[]
}
interface Contract {
  readonly toClient?: object
  readonly toServer?: object
  readonly channels?: object
  readonly presence?: object
}
interface AnyContract {
  readonly toClient: Record<string, unknown>
  readonly toServer: Record<string, unknown>
  readonly channels: Record<string, Record<string, unknown>>
  readonly presence: Record<string, unknown>
}
interface ContractOf<S extends Schemas> {
  readonly toClient: EntriesOf<NonNullable<S['schemas']['toClient']>, 'output'>
  readonly toServer: EntriesOf<NonNullable<S['schemas']['toServer']>, 'input'>
  readonly channels: ChannelsOf<NonNullable<S['schemas']['channels']>>
}
interface SchemaData<Input, Output> {
  readonly '~input': Input
  readonly '~output': Output
}
type ChannelsOf<All> = {
  [Kind in keyof All]: {
    [Name in keyof All[Kind]]: SchemaData<InputOf<All[Kind][Name]>, OutputOf<All[Kind][Name]>>
  }
}
type EntriesOf<Entries, End extends 'input' | 'output'> = {
  [Name in keyof Entries]: Entries[Name] extends infer Entry
    ? Entry extends RequestSchema
      ? End extends 'input'
        ? (input: InputOf<Entry['input']>) => OutputOf<Entry['output']>
        : (input: OutputOf<Entry['input']>) => InputOf<Entry['output']>
      : End extends 'input'
        ? InputOf<Entry>
        : OutputOf<Entry>
    : never
}
type InputOf<S> = S extends {
  readonly '~standard': {
    readonly types?: infer T
  }
}
  ? Member$1<T, 'input'>
  : never
type OutputOf<S> = S extends {
  readonly '~standard': {
    readonly types?: infer T
  }
}
  ? Member$1<T, 'output'>
  : never
type Member$1<T, Key extends string> = NonNullable<T> extends Record<Key, infer Value> ? Value : never
type AnyFunction = (...args: never) => unknown
type Side<C, Direction extends 'toClient' | 'toServer'> =
  C extends Readonly<Record<Direction, infer Names extends object>> ? Names : object
type EventName<C, Direction extends 'toClient' | 'toServer'> = keyof {
  [Name in keyof Side<C, Direction> as Side<C, Direction>[Name] extends AnyFunction ? never : Name]: true
} &
  string
type EventData<C, Direction extends 'toClient' | 'toServer', Name> = Name extends keyof Side<C, Direction>
  ? Side<C, Direction>[Name]
  : never
type RequestName<C, Direction extends 'toClient' | 'toServer' = 'toServer'> = string extends keyof Side<
  C,
  Direction
>
  ? string
  : keyof {
      [Name in keyof Side<C, Direction> as Side<C, Direction>[Name] extends AnyFunction ? Name : never]: true
    } &
      string
type EventArguments<Data, Options> = undefined extends Data
  ? [data?: Data, options?: Options]
  : [data: Data, options?: Options]
type RequestArguments<
  C,
  Name,
  Options,
  Direction extends 'toClient' | 'toServer' = 'toServer',
> = EventArguments<RequestInput<C, Direction, Name>, Options>
type RequestInput<C, Direction extends 'toClient' | 'toServer', Name> =
  EventData<C, Direction, Name> extends (...inputs: infer Inputs) => unknown
    ? Inputs extends readonly [infer Input, ...unknown[]]
      ? Input
      : undefined
    : unknown
type RequestAnswer<C, Name, Direction extends 'toClient' | 'toServer' = 'toServer'> =
  EventData<C, Direction, Name> extends (...inputs: never) => infer Answer ? Awaited<Answer> : unknown
type Kinds<C> = C extends {
  readonly channels: infer Own extends object
}
  ? Own
  : object
type ChannelKind<C> = keyof Kinds<C> & string
type ChannelName<C> = ChannelKind<C> | `${ChannelKind<C>}:${string}`
type KindOf<C, Name extends string> =
  string extends ChannelKind<C> ? string : Name extends `${infer Kind}:${string}` ? Kind : Name
type Publications<C, Kind> = Kind extends keyof Kinds<C> ? Kinds<C>[Kind] : object
type ChannelEvent<C, Kind> = keyof Publications<C, Kind> & string
type ChannelData<C, Kind, Event, End extends 'input' | 'output'> = Event extends keyof Publications<C, Kind>
  ? Publications<C, Kind>[Event] extends SchemaData<infer Input, infer Output>
    ? End extends 'input'
      ? Input
      : Output
    : Publications<C, Kind>[Event]
  : never
type PresenceData<C, Kind> = C extends {
  readonly presence: infer Members
}
  ? Kind extends keyof Members
    ? Members[Kind]
    : unknown
  : unknown
type UndeliveredReason =
  | 'expired'
  | 'overflow'
  | 'cancelled'
  | 'replaced'
  | 'volatile'
  | 'too-large'
  | 'rejected'
  | 'session-lost'
  | 'moved'
  | 'closed'
  | 'disposed'
type UnknownReason = 'session-lost' | 'closed' | 'disposed' | 'moved'
type Outcome =
  | {
      readonly status: 'delivered'
    }
  | {
      readonly status: 'sent'
    }
  | {
      readonly status: 'undelivered'
      readonly reason: UndeliveredReason
    }
  | {
      readonly status: 'unknown'
      readonly reason: UnknownReason
    }
interface Delivery extends PromiseLike<Outcome> {
  readonly outcome: Outcome | undefined
  cancel(): boolean
  orThrow(): Promise<Outcome>
}
type LostReason =
  | 'expired'
  | 'overflow'
  | 'closed'
  | 'identity'
  | 'protocol'
  | 'drained'
  | 'unknown'
  | (string & {})
interface Lost {
  readonly why: LostReason
  readonly rx: number | null
  readonly missed: number | null
}
type Handler<T> = (value: T) => unknown
type Unsubscribe = () => void
type AbortSignalLike = typeof globalThis extends {
  AbortSignal: {
    prototype: infer Native
  }
}
  ? Native
  : {
      readonly aborted: boolean
      readonly reason: unknown
      addEventListener(
        type: 'abort',
        listener: () => void,
        options?: {
          once?: boolean
        },
      ): void
      removeEventListener(type: 'abort', listener: () => void): void
    }
type AsyncDisposeLike = SymbolConstructor extends {
  readonly asyncDispose: infer Key extends symbol
}
  ? {
      readonly [Name in Key]: () => Promise<void>
    }
  : object
interface Clock {
  now(): number
  wall(): number
  setTimer(callback: () => void, delay: number, keepsAlive?: boolean): unknown
  clearTimer(timer: unknown): void
}
interface RequestContext {
  readonly signal: AbortSignalLike
}
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
interface WaitOptions {
  readonly signal?: AbortSignalLike
}
interface RequestOptions extends WaitOptions {
  readonly timeout?: number
}
type Payload = string | Uint8Array<ArrayBuffer>
interface OutboxOptions {
  readonly maxMessages?: number
  readonly maxBytes?: number
  readonly overflow?: 'reject' | 'drop-oldest'
  readonly highWaterBytes?: number
}
interface SendOptions {
  readonly ttl?: number
  readonly key?: string
  readonly volatile?: boolean
  readonly signal?: AbortSignalLike
  readonly durability?: 'strict' | 'relaxed' | 'memory'
}
interface PlainFrame {
  readonly type?: unknown
  readonly data: unknown
  readonly id?: unknown
  readonly error?: unknown
}
interface UnhandledMessage {
  readonly name: string | undefined
  readonly data: unknown
}
declare function schemas<const S extends SchemaContract>(contract: S): Schemas<S>
type CauseReason =
  | 'unreachable'
  | 'offline'
  | 'csp'
  | 'unauthorized'
  | 'forbidden'
  | 'rate-limited'
  | 'server-error'
  | 'upgrade-blocked'
  | 'left'
  | 'timeout'
  | 'lost'
  | 'silent'
  | 'change'
  | 'url'
  | 'token'
  | 'protocols'
  | 'refused'
  | 'blocked'
  | 'send-failed'
  | 'wire-mismatch'
  | 'protocol'
  | 'unreadable'
  | 'drained'
  | 'closed'
  | 'reconnect'
  | 'disconnect'
  | 'dispose'
  | (string & {})
interface Cause {
  readonly reason: CauseReason
  readonly code?: number
  readonly status?: number
  readonly text?: string
  readonly error?: unknown
}
type Signal = 'wake' | 'change' | 'offline' | 'leave' | 'blocked'
interface SocketLike {
  readonly readyState: number
  readonly bufferedAmount: number
  readonly protocol?: string
  binaryType: string
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
}
type SocketConstructor = new (url: string, protocols?: string[]) => SocketLike
interface Signals {
  listen(notice: (signal: Signal, url?: string) => void): () => void
  isOffline(): boolean
  isHidden?(): boolean
}
interface Ports {
  readonly clock: Clock
  readonly random: () => number
  readonly signals: Signals
  readonly report: (error: unknown) => void
}
interface BackoffOptions {
  readonly minDelay?: number
  readonly baseDelay?: number
  readonly maxDelay?: number
  readonly maxHiddenDelay?: number
  readonly maxAttempts?: number
  readonly minUptime?: number
}
interface Finding {
  readonly cause: Cause
  readonly delay?: DelayRange
  readonly refresh?: boolean
}
interface Diagnosis {
  readonly begin: object
}
interface Resumption {
  readonly resumed: boolean
  readonly replayed: number
}
type UrlSource =
  | string
  | {
      readonly href: string
    }
interface AttemptOptions {
  readonly url: UrlSource | ((context: UrlContext) => UrlSource | Promise<UrlSource>)
  readonly token?: (context: TokenContext) => string | Promise<string>
  readonly WebSocket?: SocketConstructor
  readonly protocols?: Protocols | ((context: UrlContext) => Protocols | Promise<Protocols>)
}
type Protocols = string | readonly string[]
interface UrlContext {
  readonly attempt: number
  readonly token: string | undefined
  readonly signal: AbortSignalLike
}
interface TokenContext {
  readonly reason: 'connect' | 'reconnect' | 'unauthorized' | 'renew'
}
interface Wire {
  readonly maxPayloadBytes: number
  readonly bind: object
}
interface Loss {
  readonly why: Lost['why']
  readonly missed: number | undefined
  readonly undelivered: number
  readonly unknown: number
}
interface InvalidMessage extends Omit<InvalidData, 'reason' | 'name'> {
  readonly reason: InvalidData['reason'] | 'too-large' | 'undecodable'
  readonly name?: string
  readonly channel?: string
}
interface ClientState {
  readonly status: 'idle' | 'connecting' | 'open' | 'waiting' | 'closing' | 'closed'
  readonly attempt: number
  readonly retryAt: number | undefined
  readonly cause: Cause | undefined
  readonly protocol: string | undefined
}
interface Lifecycle {
  readonly open: ClientState & Resumption
  readonly down: Cause
  readonly closed: Cause
  readonly lost: Loss
  readonly invalid: InvalidMessage
  readonly unhandled: UnhandledMessage
  readonly settled: {
    readonly name: string | undefined
    readonly outcome: Outcome
  }
}
interface Client<C = AnyContract> extends AsyncDisposeLike {
  connect(options?: WaitOptions): Promise<void>
  reconnect(options?: WaitOptions): Promise<void>
  disconnect(options?: DisconnectOptions): Promise<void>
  dispose(): Promise<void>
  send<Name extends string & EventName<C, 'toServer'>>(
    name: Name,
    ...args: EventArguments<EventData<C, 'toServer', Name>, SendOptions>
  ): Delivery
  sendRaw(data: string | ArrayBuffer | ArrayBufferView, options?: SendOptions): Delivery
  request<Name extends string & RequestName<C>>(
    name: Name,
    ...args: RequestArguments<C, Name, RequestOptions>
  ): Promise<RequestAnswer<C, Name>>
  handle<Name extends string & RequestName<C, 'toClient'>>(
    name: Name,
    handler: (
      input: RequestInput<C, 'toClient', Name>,
      context: RequestContext,
    ) => RequestAnswer<C, Name, 'toClient'> | Promise<RequestAnswer<C, Name, 'toClient'>>,
  ): Unsubscribe
  drained(options?: DrainOptions): Promise<void>
  on<Name extends string & EventName<C, 'toClient'>>(
    name: Name,
    handler: Handler<EventData<C, 'toClient', Name>>,
  ): Unsubscribe
  once<Name extends string & EventName<C, 'toClient'>>(
    name: Name,
    handler: Handler<EventData<C, 'toClient', Name>>,
  ): Unsubscribe
  off<Name extends string & EventName<C, 'toClient'>>(
    name: Name,
    handler: Handler<EventData<C, 'toClient', Name>>,
  ): void
  onAny(handler: (name: string, data: unknown) => unknown): Unsubscribe
  onRaw(handler: Handler<string | Uint8Array>): Unsubscribe
  watch<Kind extends keyof Lifecycle>(kind: Kind, listener: Handler<Lifecycle[Kind]>): Unsubscribe
  readonly state: ClientState
  subscribe(listener: () => unknown): Unsubscribe
  stats(): ClientStats
  readonly '~contract'?: C | object
}
interface DisconnectOptions {
  readonly queue?: 'keep' | 'discard'
  readonly code?: number
  readonly reason?: string
}
interface DrainOptions extends WaitOptions {
  readonly below?: number
}
interface ClientStats {
  readonly rtt: number | undefined
  readonly queuedMessages: number
  readonly queuedBytes: number
  readonly unacknowledgedMessages: number
  readonly bufferedBytes: number
  readonly sentMessages: number
  readonly sentBytes: number
  readonly receivedMessages: number
  readonly receivedBytes: number
  readonly opens: number
  readonly unhandled: number
  readonly invalid: number
}
type Diagnose = (url: string, context: DiagnoseContext) => Promise<Finding | undefined>
interface DiagnoseContext {
  readonly signal: AbortSignalLike
  readonly clock: Clock
}
interface Store {
  readonly wrap: object
}
interface ClientOptions extends AttemptOptions {
  readonly wire?: Wire
  readonly backoff?: BackoffOptions | ((context: BackoffContext) => number)
  readonly attemptTimeout?: number
  readonly diagnose?: Diagnosis
  readonly outbox?: OutboxOptions
  readonly closeCodes?: CloseRules
  readonly store?: Store
  readonly ports?: Partial<Ports>
}
interface BackoffContext {
  readonly failures: number
  readonly cause: Cause
  readonly random: number
  readonly isHidden: boolean
}
declare function createClient<S extends Schemas>(
  options: ClientOptions & {
    readonly contract: S
  },
): Client<ContractOf<S>>
declare function createClient<C extends Contract = AnyContract>(options: ClientOptions): Client<C>
interface Member<Data = unknown> {
  readonly key: string
  readonly identity: string | null
  readonly data: Data
}
interface Position {
  readonly epoch: string
  readonly offset: number
  readonly id: string
}
interface Publication<Event extends string = string, Data = unknown> extends Position {
  readonly event: Event
  readonly data: Data
}
interface ChannelState {
  readonly status: 'joining' | 'joined' | 'refused' | 'left'
  readonly reason: string | undefined
}
interface ChannelLifecycle {
  readonly joined: ChannelState
  readonly refused: ChannelState
  readonly recovered: Recovered
  readonly gap: Gap
}
interface Recovered {
  readonly count: number
}
interface Gap {
  readonly missed: number | undefined
}
interface ChannelOptions {
  readonly since?: Position | undefined
}
interface PublishOptions extends RequestOptions {
  readonly id?: string | undefined
}
interface HistoryOptions extends RequestOptions {
  readonly limit?: number | undefined
  readonly before?: number | undefined
}
interface History<C, Kind> {
  readonly epoch: string
  readonly publications: readonly {
    [Event in ChannelEvent<C, Kind>]: Publication<Event, ChannelData<C, Kind, Event, 'output'>>
  }[ChannelEvent<C, Kind>][]
  readonly more: boolean
}
interface PresenceState<Data = unknown> {
  readonly members: readonly Member<Data>[]
  readonly isKnown: boolean
}
interface Presence<Data = unknown> {
  readonly state: PresenceState<Data>
  subscribe(listener: () => void): Unsubscribe
  on(kind: 'join' | 'leave' | 'update', handler: Handler<Member<Data>>): Unsubscribe
  set(data: Data | undefined): void
}
interface Channel<C = AnyContract, Kind = string> {
  readonly name: string
  readonly state: ChannelState
  readonly position: Position | undefined
  subscribe(listener: () => void): Unsubscribe
  watch<Kind extends keyof ChannelLifecycle>(
    kind: Kind,
    listener: Handler<ChannelLifecycle[Kind]>,
  ): Unsubscribe
  on<Event extends string & ChannelEvent<C, Kind>>(
    event: Event,
    handler: (
      data: ChannelData<C, Kind, Event, 'output'>,
      publication: Publication<Event, ChannelData<C, Kind, Event, 'output'>>,
    ) => unknown,
  ): Unsubscribe
  publish<Event extends string & ChannelEvent<C, Kind>>(
    event: Event,
    ...args: EventArguments<ChannelData<C, Kind, Event, 'input'>, PublishOptions>
  ): Promise<Position>
  history(options?: HistoryOptions): Promise<History<C, Kind>>
  readonly presence: Presence<PresenceData<C, Kind>>
  leave(): void
}
declare function channel<C, Name extends string & ChannelName<C>>(
  client: Client<C>,
  name: Name,
  options?: ChannelOptions,
): Channel<C, KindOf<C, Name>>
type StoreClient = Pick<Client, 'state' | 'subscribe'>
interface Countdown {
  readonly state: number | undefined
  subscribe(listener: () => unknown): Unsubscribe
}
declare function countdown(client: StoreClient): Countdown
interface EventsOptions extends WaitOptions {
  readonly buffer?: number
}
declare function events<C, Name extends string & EventName<C, 'toClient'>>(
  client: Client<C>,
  name: Name,
  { buffer, signal }?: EventsOptions,
): AsyncIterableIterator<EventData<C, 'toClient', Name>, undefined>
declare function diagnosis(diagnose: Diagnose): Diagnosis
interface OverHttpOptions {
  readonly url?: UrlSource
}
declare function overHttp(options?: OverHttpOptions): Diagnosis
interface PendingMessage {
  readonly id: number
  readonly name: string | undefined
  readonly status: 'queued' | 'written'
  readonly bytes: number
  readonly delivery: Delivery
}
interface Pending {
  readonly state: readonly PendingMessage[]
  subscribe(listener: () => unknown): Unsubscribe
}
declare function pending(client: StoreClient): Pending
interface Correlation {
  readonly property: string
  readonly bind: object
}
declare function correlated(property?: string): Correlation
interface PingOptions {
  readonly message: Payload
  readonly isReply: (frame: PlainFrame) => boolean
  readonly interval?: number
  readonly timeout?: number
}
interface PlainHeartbeat extends Pick<PingOptions, 'message' | 'isReply'> {
  readonly heartbeat: object
}
declare function ping(options: PingOptions): PlainHeartbeat
interface PlainOptions {
  readonly shape?: 'flat' | 'envelope'
  readonly encode?: (name: string, data: unknown, id?: string) => Payload
  readonly decode?: (frame: string | Uint8Array) => PlainFrame | undefined
  readonly greet?: (context: { readonly token: string | undefined }) => Payload | undefined
  readonly greeted?: (frame: PlainFrame) => boolean
  readonly heartbeat?: PlainHeartbeat
  readonly requests?: Correlation
  readonly maxPayloadBytes?: number
}
declare function plain(options?: PlainOptions): Wire
interface SessionOptions {
  readonly maxPayloadBytes?: number
  readonly window?: readonly [messages: number, bytes: number]
}
declare function session(options?: SessionOptions): Wire
export {
  HoldfastError,
  channel,
  correlated,
  countdown,
  createClient,
  defaultCloseRules,
  diagnosis,
  events,
  isHoldfastError,
  overHttp,
  pending,
  ping,
  plain,
  schemas,
  session,
}
export type {
  AbortSignalLike,
  AnyContract,
  AsyncDisposeLike,
  AttemptOptions,
  BackoffContext,
  BackoffOptions,
  Cause,
  CauseReason,
  Channel,
  ChannelData,
  ChannelEvent,
  ChannelKind,
  ChannelLifecycle,
  ChannelName,
  ChannelOptions,
  ChannelState,
  Checks,
  Client,
  ClientOptions,
  ClientState,
  ClientStats,
  Clock,
  CloseAction,
  CloseRule,
  CloseRules,
  Contract,
  ContractOf,
  Correlation,
  Countdown,
  DelayRange,
  Delivery,
  Diagnose,
  DiagnoseContext,
  Diagnosis,
  DisconnectOptions,
  DrainOptions,
  EventData,
  EventName,
  EventsOptions,
  Finding,
  Gap,
  Handler,
  History,
  HistoryOptions,
  HoldfastErrorCode,
  HoldfastErrorDetails,
  InvalidData,
  InvalidMessage,
  KindOf,
  Lifecycle,
  Loss,
  LostReason,
  Member,
  OutboxOptions,
  Outcome,
  OverHttpOptions,
  Payload,
  Pending,
  PendingMessage,
  PingOptions,
  PlainFrame,
  PlainHeartbeat,
  PlainOptions,
  Ports,
  Position,
  Presence,
  PresenceData,
  PresenceState,
  Protocols,
  Publication,
  PublishOptions,
  Recovered,
  RequestAnswer,
  RequestContext,
  RequestInput,
  RequestName,
  RequestOptions,
  RequestSchema,
  Resumption,
  SchemaContract,
  SchemaData,
  SchemaIssue,
  SchemaResult,
  Schemas,
  SendOptions,
  SessionOptions,
  Signal,
  Signals,
  SocketConstructor,
  SocketLike,
  StandardSchema,
  Store,
  StoreClient,
  TokenContext,
  UndeliveredReason,
  UnhandledMessage,
  UnknownReason,
  Unsubscribe,
  UrlContext,
  UrlSource,
  WaitOptions,
  Wire,
}
