// Written by `node test/package/api.ts --accept`.
// holdfast.d.ts has: DelayRange CloseAction CloseRule CloseRules defaultCloseRules RequestHandler StandardSchema SchemaResult SchemaIssue RequestSchema SchemaContract Schemas Checks InvalidData Contract AnyContract ContractOf SchemaData ChannelsOf EntriesOf AnyFunction Side EventName EventData RequestName EventArguments RequestArguments RequestInput RequestAnswer Kinds ChannelKind ChannelName KindOf Publications ChannelEvent ChannelData PresenceData UndeliveredReason UnknownReason Outcome Delivery LostReason Lost Handler Unsubscribe AbortSignalLike AsyncDisposeLike Clock RequestContext HoldfastErrorCode HoldfastErrorDetails HoldfastError isHoldfastError WaitOptions RequestOptions Payload OutboxOptions SendOptions PlainFrame UnhandledMessage schemas
// holdfast-core.d.ts has: InputOf OutputOf Member
declare function readClose(event: unknown): {
  readonly code?: number
  readonly text?: string
}
declare function isPoison(code: number): boolean
declare function closeRule(code: number, rules?: CloseRules): CloseRule
declare function ruleIn(rules: CloseRules, code: number): CloseRule
interface ServerContractOf<S extends Schemas> {
  readonly toClient: EntriesOf<NonNullable<S['schemas']['toClient']>, 'input'>
  readonly toServer: EntriesOf<NonNullable<S['schemas']['toServer']>, 'output'>
  readonly channels: ChannelsOf<NonNullable<S['schemas']['channels']>>
}
type IsControl = (name: string, content: unknown) => boolean
declare const isServerControl: IsControl
declare const isClientControl: IsControl
declare function isCount(value: unknown): value is number
declare function closeHint(reason: string | undefined): DelayRange | undefined
declare function isSpan(value: unknown): value is readonly [number, number]
declare function encodeMessage<Encoded>(
  outgoing: Checks | undefined,
  name: string,
  data: unknown,
  id: number | undefined,
  encode: (name: string, data: unknown, id?: number) => Encoded,
): Encoded
type Frame = readonly [seq: number, ack: number, name?: string | null, data?: unknown, meta?: Meta]
interface Meta {
  readonly id?: number
  readonly re?: number
  readonly error?: string
  readonly message?: string
  readonly off?: number
  readonly raw?: true
  readonly absent?: true
  readonly producer?: ProducerSequence
  readonly channel?: unknown
  readonly at?: unknown
  readonly pub?: unknown
}
type ProducerSequence = readonly [producer: string, n: number]
type Control =
  | readonly [name: 'holdfast', banner: Banner]
  | readonly [name: 'hi', hi: Hi]
  | readonly [name: 'ok', ok: Ok]
  | readonly [name: 'a' | 'p' | 'q', rx: number]
  | readonly [name: 'renew']
  | readonly [name: 'token', token: string]
  | readonly [name: 'drain', drain: Drain]
  | readonly [name: 'bye', bye: Bye]
  | readonly [name: 'channel', content: unknown]
interface Banner {
  readonly v: number
}
interface Hi {
  readonly v: 1
  readonly client: string
  readonly n: number
  readonly window: readonly [messages: number, bytes: number]
  readonly maxPayload: number
  readonly token?: string | undefined
  readonly session?: string
  readonly key?: string
  readonly rx?: number
  readonly park?: true
}
interface Ok {
  readonly session: string
  readonly key: string
  readonly rx: number
  readonly identity: string | null
  readonly ttl: number
  readonly ping: number
  readonly window: readonly [messages: number, bytes: number]
  readonly maxPayload: number
  readonly lost?: Lost
  readonly producers?: ProducersOffer
  readonly channels?: true
}
interface ProducersOffer {
  readonly epoch: string
  readonly ttl: number
}
interface Bye {
  readonly rx: number
  readonly total?: number
  readonly code?: number | undefined
  readonly reason?: string | undefined
}
interface Drain {
  readonly after: DelayRange
  readonly within: number
  readonly park?: true
}
type Body = string | BinaryBody
interface BinaryBody {
  readonly head: string
  readonly bytes: Uint8Array<ArrayBuffer>
}
interface DecodeLimits {
  readonly maxFrames: number
  readonly maxDepth: number
  readonly maxKeys: number
}
declare const defaultDecodeLimits: DecodeLimits
type Decoded =
  | {
      readonly frames: readonly Frame[]
      readonly ping?: Control | undefined
    }
  | {
      readonly control: Control
    }
  | {
      readonly code: 1007 | 4400
      readonly fault: string
    }
declare const maxNameLength = 1024
declare function encodeBody(name: string | null, data: unknown, meta?: Meta): Body
declare const voidBody: Body
declare function bodyBytes(body: Body): number
declare function encodeFrame(seq: number, ack: number, body: string): string
declare function encodeBinary(
  seq: number,
  ack: number,
  { head, bytes }: BinaryBody,
  encodeText: (text: string) => Uint8Array,
): Uint8Array<ArrayBuffer>
declare function encodeControl(control: Control): string
declare function decodeText(text: string, limits: DecodeLimits, isControl: IsControl): Decoded
declare function decodeBinary(
  message: Uint8Array<ArrayBuffer>,
  limits: DecodeLimits,
  decodeUtf8: (bytes: Uint8Array) => string,
): Decoded
declare function isWithin(value: unknown, { maxKeys, maxDepth }: DecodeLimits): boolean
type Listener = (...values: never[]) => unknown
interface Registry {
  readonly all: Map<PropertyKey, Registration[]>
  on(key: PropertyKey, registration: Registration): void
  off(key: PropertyKey, registration: Registration): void
}
interface Registration {
  readonly listener: Listener
  readonly isOnce: boolean
  isOn: boolean
}
interface Listeners {
  on(key: PropertyKey, listener: Listener): Unsubscribe
  once(key: PropertyKey, listener: Listener): Unsubscribe
  off(key: PropertyKey, listener: Listener): void
  emit(key: PropertyKey, ...values: unknown[]): boolean
  clear(): void
}
declare function createListeners(registry: Registry, report: (error: unknown) => void): Listeners
declare const longestTimer = 2147483647
type Answerer = (input: unknown, context: RequestContext) => unknown
interface Handlers {
  handle(name: string, handler: RequestHandler): Unsubscribe
  find(name: string): ((...values: unknown[]) => unknown) | undefined
  clear(): void
}
declare function createHandlers(
  checks: Checks | undefined,
  invalid: (message: InvalidData, ...rest: never[]) => void,
): Handlers
declare function misuse(message: string, cause?: unknown): HoldfastError
declare function aborted(signal: AbortSignalLike): HoldfastError
interface Outgoing<Body> {
  readonly body: Body
  readonly bytes: number
  readonly volatile: boolean
  readonly sessionBound?: true
  settle(outcome: Outcome): void
}
interface Queued<Body> extends Outgoing<Body> {
  readonly key: string | undefined
  readonly expiresAt: number
}
interface Sent extends Delivery, Pick<Outgoing<unknown>, 'settle'> {
  isShared: boolean
  whenSettled(listener: (outcome: Outcome) => void): void
}
type SentRequest = Pick<Sent, 'outcome' | 'cancel' | 'whenSettled'>
interface Requests {
  readonly size: number
  readonly unanswered: number
  readonly lastId: number
  open(name: string | undefined, send: (id: number) => SentRequest, options: RequestOptions): Promise<unknown>
  answer(id: unknown, data: unknown): boolean
  refuse(id: unknown, message: string, details: HoldfastErrorDetails): boolean
  lost(): void
  dispose(): void
}
declare function createRequests(
  clock: Clock,
  checks: Checks | undefined,
  abandoned?: (id: number) => void,
  lastId?: number,
): Requests
interface EndpointPorts {
  readonly clock: Clock
  readonly outgoing: Checks | undefined
  event(name: string, data: unknown): void
  raw(data: string | Uint8Array): void
  find(name: string, meta: Meta): Answerer | undefined
  newAbort(): {
    readonly signal: AbortSignalLike
    abort(): void
  }
  report(error: unknown): void
  encode(name: null, data: unknown, meta: Meta): Body
  maxBytes(): number
  send(message: Sized, answers?: number): void
  violated(code: number, why: string): void
}
interface Sized {
  readonly body: Body
  readonly bytes: number
}
declare class Endpoint {
  #private
  constructor(ports: EndpointPorts, lastRequest?: number)
  get lastRequest(): number
  get running(): readonly number[]
  get isIdle(): boolean
  get isSettled(): boolean
  deliver([seq, , name, data, meta]: Frame): void
  request(name: string | undefined, send: (id: number) => SentRequest, how: RequestOptions): Promise<unknown>
  lost(): void
  moved(): void
  dispose(): void
}
declare function atTurnEnd(callback: () => void): void
declare const defaultMaxPayloadBytes = 16777216
declare const pollInterval = 20
declare function utf8Length(text: string): number
type Window = readonly [messages: number, bytes: number]
interface Session<Body> {
  readonly rx: number
  readonly tx: number
  readonly acknowledged: number
  readonly unacknowledged: number
  readonly suspect: number
  window: Window
  hasRoom(bytes: number): boolean
  number(message: Outgoing<Body>): number
  acknowledge(ack: number): boolean
  accept(seq: number): 'next' | 'old' | 'gap'
  replay(): Iterable<readonly [seq: number, message: Outgoing<Body> | undefined]>
  quarantineOldest(): boolean
  end(finalCursor: number | undefined, unknown: Outcome): Outgoing<Body>[]
}
declare function createSession<Body>(): Session<Body>
type SessionNumbers = Pick<Session<unknown>, 'rx' | 'acknowledged' | 'suspect'>
declare function restoreSession<Body>({ rx, acknowledged, suspect }: SessionNumbers): Session<Body>
interface LineOptions {
  readonly session: Session<Body>
  readonly clock: Clock
  readonly limits: DecodeLimits
  readonly window: readonly [messages: number, bytes: number]
  readonly sliceLength: number
  readonly unpacked?: boolean
  readonly maxPayload?: number
  readonly isControl: IsControl
  pace?(next: Frame | Control): number | undefined
  send(payload: Payload): boolean
  isOpen(): boolean
  bufferedAmount(): number
  encodeText(text: string): Uint8Array
  decodeUtf8(bytes: Uint8Array): string
  deliver(frame: Frame): void
  control(control: Control): void
  answered(isLast: boolean): void
  pinged?(): void
  controlled?(control: Control, isBounded: boolean): void
  dropped?(count: number): void
  progressed(): void
  violated(code: number, why: string): void
}
interface Link<Body> {
  readonly batchBytes?: number
  bufferedAmount(): number
  isWritable(bytes: number): boolean
  write(message: Queued<Body>): boolean
  flushed?(): void
  ask?(): void
}
declare class Line implements Link<Body> {
  #private
  readonly batchBytes: number
  constructor(options: LineOptions)
  bufferedAmount(): number
  isWritable(bytes: number): boolean
  write(message: Outgoing<Body>): boolean
  flushed(): void
  resume(): void
  control(control: Control): void
  ask(): void
  close(): void
  add(frame: string): boolean
  received(payload: Payload): void
}
declare function given<T extends object>(options: T | null | undefined, known?: string): Partial<T>
declare function namesOf(defaults: object): string
declare function checkNames(names: readonly string[], known: string): void
declare function checkTime(name: string, value: number | undefined): void
declare function checkClose(code?: number, reason?: string): void
interface QueuedMessage<Name> extends Delivery {
  readonly name: Name
  readonly bytes: number
}
interface Outbox<Body, Name = string | undefined> {
  readonly size: number
  readonly bytes: number
  hasRoom(bytes: number): boolean
  waiting(): readonly QueuedMessage<Name>[]
  push(body: Body, bytes: number, name: Name, options: SendOptions): Sent
  flush(): void
  flushAll(): void
  discard(reason: UndeliveredReason): void
  refuse(reason: UndeliveredReason): void
  accept(): void
}
declare function createOutbox<Body, Name = string | undefined>(
  options: OutboxOptions,
  maxPayloadBytes: () => number,
  link: Link<Body>,
  clock: Clock,
  settled: (name: Name, outcome: Outcome, bytes: number, message: Delivery) => void,
): Outbox<Body, Name>
declare function bytesOf(data: unknown): Uint8Array<ArrayBuffer> | undefined
interface PlainCodec {
  encode(type: string, data: unknown, idKey?: string, id?: string): string
  decode(text: string, idKey?: string): PlainFrame | undefined
}
declare const flatCodec: PlainCodec
declare const envelopeCodec: PlainCodec
declare function printable(text: string): string
declare function reportRejection(result: unknown, report: (error: unknown) => void): void
interface Router<From extends readonly unknown[] = []> extends Pick<
  Listeners,
  'on' | 'once' | 'off' | 'clear'
> {
  onAny(listener: Listener): Unsubscribe
  onRaw(listener: Listener): Unsubscribe
  event(name: string, data: unknown, ...from: From): void
  raw(data: string | Uint8Array, ...from: From): void
}
interface RouterPorts<From extends readonly unknown[]> {
  readonly listeners: Listeners
  readonly incoming: Checks | undefined
  invalid(message: InvalidData, ...from: From): void
  unhandled(message: UnhandledMessage, ...from: From): void
}
declare function createRouter<From extends readonly unknown[] = []>({
  listeners,
  incoming,
  invalid,
  unhandled,
}: RouterPorts<From>): Router<From>
export {
  Endpoint,
  HoldfastError,
  Line,
  aborted,
  atTurnEnd,
  bodyBytes,
  bytesOf,
  checkClose,
  checkNames,
  checkTime,
  closeHint,
  closeRule,
  createHandlers,
  createListeners,
  createOutbox,
  createRequests,
  createRouter,
  createSession,
  decodeBinary,
  decodeText,
  defaultCloseRules,
  defaultDecodeLimits,
  defaultMaxPayloadBytes,
  encodeBinary,
  encodeBody,
  encodeControl,
  encodeFrame,
  encodeMessage,
  envelopeCodec,
  flatCodec,
  given,
  isClientControl,
  isCount,
  isHoldfastError,
  isPoison,
  isServerControl,
  isSpan,
  isWithin,
  longestTimer,
  maxNameLength,
  misuse,
  namesOf,
  pollInterval,
  printable,
  readClose,
  reportRejection,
  restoreSession,
  ruleIn,
  schemas,
  utf8Length,
  voidBody,
}
export type {
  AbortSignalLike,
  Answerer,
  AnyContract,
  AsyncDisposeLike,
  Banner,
  BinaryBody,
  Body,
  Bye,
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
  Control,
  DecodeLimits,
  Decoded,
  DelayRange,
  Delivery,
  Drain,
  EndpointPorts,
  EventArguments,
  EventData,
  EventName,
  Frame,
  Handler,
  Handlers,
  Hi,
  HoldfastErrorCode,
  HoldfastErrorDetails,
  InvalidData,
  IsControl,
  KindOf,
  LineOptions,
  Link,
  Listener,
  Listeners,
  Lost,
  LostReason,
  Meta,
  Ok,
  Outbox,
  OutboxOptions,
  Outcome,
  Outgoing,
  Payload,
  PlainCodec,
  PlainFrame,
  PresenceData,
  ProducerSequence,
  ProducersOffer,
  Queued,
  QueuedMessage,
  Registration,
  Registry,
  RequestAnswer,
  RequestArguments,
  RequestContext,
  RequestHandler,
  RequestInput,
  RequestName,
  RequestOptions,
  RequestSchema,
  Requests,
  Router,
  RouterPorts,
  SchemaContract,
  SchemaData,
  SchemaIssue,
  SchemaResult,
  Schemas,
  SendOptions,
  Sent,
  SentRequest,
  ServerContractOf,
  Session,
  SessionNumbers,
  Sized,
  StandardSchema,
  UndeliveredReason,
  UnhandledMessage,
  UnknownReason,
  Unsubscribe,
  WaitOptions,
  Window,
}
