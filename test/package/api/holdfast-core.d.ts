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
  ? Member<T, 'input'>
  : never
type OutputOf<S> = S extends {
  readonly '~standard': {
    readonly types?: infer T
  }
}
  ? Member<T, 'output'>
  : never
type Member<T, Key extends string> = NonNullable<T> extends Record<Key, infer Value> ? Value : never
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
interface WaitOptions {
  readonly signal?: AbortSignalLike
}
interface RequestOptions extends WaitOptions {
  readonly timeout?: number
}
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
interface UnhandledMessage {
  readonly name: string | undefined
  readonly data: unknown
}
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
interface BackoffOptions {
  readonly minDelay?: number
  readonly baseDelay?: number
  readonly maxDelay?: number
  readonly maxHiddenDelay?: number
  readonly maxAttempts?: number
  readonly minUptime?: number
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
type CoreOptions = ClientOptions & {
  readonly wire: Wire
}
declare function createClient<S extends Schemas>(
  options: CoreOptions & {
    readonly contract: S
  },
): Client<ContractOf<S>>
declare function createClient<C extends Contract = AnyContract>(options: CoreOptions): Client<C>
export { createClient }
export type { Client, CoreOptions }
