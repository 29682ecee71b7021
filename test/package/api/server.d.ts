// Written by `node test/package/api.ts --accept`.
// holdfast.d.ts has: RequestHandler StandardSchema SchemaResult SchemaIssue RequestSchema SchemaContract Schemas Checks InvalidData Contract AnyContract SchemaData ChannelsOf EntriesOf InputOf OutputOf Member$1 AnyFunction Side EventName EventData RequestName EventArguments RequestArguments RequestInput RequestAnswer Kinds ChannelKind KindOf Publications ChannelEvent ChannelData PresenceData UndeliveredReason UnknownReason Outcome Delivery LostReason Unsubscribe AbortSignalLike AsyncDisposeLike Clock RequestContext HoldfastErrorCode HoldfastErrorDetails HoldfastError isHoldfastError WaitOptions RequestOptions SendOptions schemas
// protocol.d.ts has: ServerContractOf DecodeLimits Window
interface UnhandledMessage$1 {
  readonly name: string | undefined
  readonly data: unknown
}
interface PeerJoinOptions<Data = unknown> {
  readonly presence?: Data
}
interface Peer<C = AnyContract, Data = unknown> {
  readonly id: string
  readonly identity: string | null
  readonly memberKey: string
  data: Data
  readonly isConnected: boolean
  send<Name extends string & EventName<C, 'toClient'>>(
    name: Name,
    ...args: EventArguments<EventData<C, 'toClient', Name>, SendOptions>
  ): Delivery
  sendRaw(data: string | ArrayBuffer | ArrayBufferView, options?: SendOptions): Delivery
  request<Name extends string & RequestName<C, 'toClient'>>(
    name: Name,
    ...args: RequestArguments<C, Name, RequestOptions, 'toClient'>
  ): Promise<RequestAnswer<C, Name, 'toClient'>>
  readonly channels: readonly string[]
  join(channel: string, options?: PeerJoinOptions): void
  leave(channel: string): void
  close(code?: number, reason?: string): void
  renew(): void
  onClose(listener: (end: PeerEnd) => unknown): Unsubscribe
}
type PeerArrival = 'new' | 'moved'
interface PeerEnd {
  readonly why: 'left' | 'moved' | LostReason
  readonly undelivered: number
  readonly unknown: number
  readonly code?: number
  readonly reason?: string
}
interface Tombstone {
  readonly key: string
  readonly why: LostReason
  readonly rx: number
  readonly tx: number
  readonly queued: number
}
interface DialNumbers {
  readonly client: string
  readonly n: number
  readonly others: readonly (readonly [client: string, n: number])[]
}
interface SessionStoreListener {
  asked(request: ReleaseRequest): void
  posted(session: string): void
  lost(session: string, token: SessionToken): void
  aborted(session: string, requests: readonly number[]): void
}
interface ReleaseRequest {
  readonly session: string
  readonly token: SessionToken
  readonly claim: Claim
}
interface SessionToken {
  readonly node: string
  readonly attempt: number
}
interface Claim {
  readonly keyHash: string
  readonly identity: string | null
  readonly client: string
  readonly n: number
}
interface ParkedState {
  readonly text: string
  readonly format: number
  readonly identity: string | null
  readonly dials: DialNumbers
  readonly tombstone: Omit<Tombstone, 'key' | 'why'>
  readonly mailbox: number
  readonly running: readonly number[]
}
type Taken =
  | {
      readonly status: 'yours'
      readonly token: SessionToken
      readonly text: string
      readonly elapsed: number
    }
  | {
      readonly status: 'elsewhere'
    }
  | {
      readonly status: 'late'
    }
  | {
      readonly status: 'unreadable'
    }
  | {
      readonly status: 'ended'
      readonly tombstone: Omit<Tombstone, 'key'>
    }
  | {
      readonly status: 'unknown'
    }
  | {
      readonly status: 'missing'
      readonly beginTimeout: number
      readonly hasForgotten: boolean
    }
interface TakeOptions {
  readonly format: number
  readonly isLast?: boolean
}
interface MailboxEntry {
  readonly text: string
  readonly answers?: number
}
type PostResult = 'posted' | 'full' | 'ended'
interface SessionStoreNode {
  readonly name: string
  readonly isLasting: boolean
  begin(session: string, keyHash: string): Promise<SessionToken>
  take(session: string, claim: Claim, options: TakeOptions): Promise<Taken>
  park(session: string, token: SessionToken, state: ParkedState, ttl: number): Promise<boolean>
  end(session: string, token: SessionToken, tombstone: Omit<Tombstone, 'key'>): Promise<boolean>
  giveBack(session: string, token: SessionToken): Promise<void>
  post(session: string, entry: MailboxEntry): Promise<PostResult>
  readMailbox(session: string, position: number): Promise<readonly MailboxEntry[]>
  abort(session: string, token: SessionToken, request: number): Promise<void>
  interrupt(session: string, answer: (request: number) => string): Promise<void>
  close(): Promise<void>
}
interface Broker {
  open(listener: BrokerListener): BrokerNode
  openSessions?(listener: SessionStoreListener): SessionStoreNode
}
interface BrokerListener {
  published(channel: string, epoch: string, entry: LogEntry, before: string): void
  memberChanged(channel: string, change: MemberChange): void
  reset(): void
}
interface BrokerNode {
  append(channel: string, publication: NewEntry, bounds: LogBounds): Promise<Position>
  subscribe(channel: string): Promise<void>
  unsubscribe(channel: string): void
  read(channel: string, range: LogRange): Promise<LogSlice>
  setMember(channel: string, member: Member): Promise<void>
  removeMember(channel: string, key: string): Promise<void>
  parkMember(channel: string, key: string, ttl: number): Promise<void>
  members(channel: string): Promise<Members>
  close(): Promise<void>
}
interface Place {
  readonly offset: number
  readonly id: string
}
interface Position extends Place {
  readonly epoch: string
}
interface NewEntry {
  readonly id: string
  readonly text: string
}
interface LogEntry extends Place, NewEntry {
  readonly at: number
}
interface LogBounds {
  readonly maxMessages: number
  readonly maxBytes: number
  readonly maxAge: number
}
type LogRange = (
  | {
      readonly after: number
    }
  | {
      readonly last: number
    }
) & {
  readonly limit?: number
}
interface LogSlice {
  readonly epoch: string
  readonly head: Place
  readonly before: Place
  readonly entries: readonly LogEntry[]
}
interface Member {
  readonly key: string
  readonly identity: string | null
  readonly data: string | undefined
}
interface MemberChange {
  readonly version: number
  readonly key: string
  readonly member: Member | undefined
}
interface Members {
  readonly version: number
  readonly members: readonly Member[]
}
type HubChannelKind<C> = [ChannelKind<C>] extends [never] ? string : ChannelKind<C>
type HubChannelName<C> = HubChannelKind<C> | `${HubChannelKind<C>}:${string}`
type PublicationName<C, Kind> = Kind extends ChannelKind<C> ? ChannelEvent<C, Kind> : EventName<C, 'toClient'>
type PublicationData<C, Kind, Event> =
  Kind extends ChannelKind<C> ? ChannelData<C, Kind, Event, 'input'> : EventData<C, 'toClient', Event>
interface Channel<C = AnyContract, Kind = string, Data = unknown> {
  readonly name: string
  publish<Event extends string & PublicationName<C, Kind>>(
    event: Event,
    ...args: EventArguments<PublicationData<C, Kind, Event>, PublishOptions>
  ): Promise<Position>
  readonly size: number
  presence(): Promise<readonly ChannelMember<PresenceData<C, Kind>>[]>
  history(options?: HistoryOptions): Promise<ChannelPage<PublicationOf<C, Kind>>>
  kick(peer: Peer<C, Data>): void
  join(identity: string, options?: PeerJoinOptions<PresenceData<C, Kind>>): Promise<void>
  leave(identity: string): Promise<void>
}
interface ChannelMember<Data = unknown> {
  readonly key: string
  readonly identity: string | null
  readonly data: Data
}
interface PublishOptions {
  readonly id?: string
  readonly wait?: number
}
interface HistoryOptions {
  readonly limit?: number
  readonly before?: number
}
interface ChannelPage<Publication = ChannelPublication> {
  readonly epoch: string
  readonly publications: readonly Publication[]
  readonly more: boolean
}
type PublicationOf<C, Kind, Event extends string = PublicationName<C, Kind>> = Event extends unknown
  ? ChannelPublication<Event, PublicationData<C, Kind, Event>>
  : never
interface ChannelPublication<Event extends string = string, Data = unknown> {
  readonly offset: number
  readonly id: string
  readonly event: Event
  readonly data: Data
}
interface ChannelRules<P = Peer> {
  readonly subscribe?: (peer: P, id: string) => Verdict | Promise<Verdict>
  readonly publish?: (peer: P, id: string, event: string, data: unknown) => Verdict | Promise<Verdict>
  readonly history?: ChannelHistory
  readonly presence?: boolean | ChannelPresence
}
type Verdict = boolean | null | undefined | Permission
interface Permission {
  readonly presence?: unknown
}
interface ChannelHistory {
  readonly maxMessages?: number
  readonly maxBytes?: number
  readonly maxAge?: number
  readonly rewind?: number
  readonly lastOnly?: boolean
}
interface ChannelPresence {
  readonly by?: 'session' | 'identity'
  readonly clientData?: boolean
}
interface Recipient<C = AnyContract> {
  send<Name extends string & EventName<C, 'toClient'>>(
    name: Name,
    ...args: EventArguments<EventData<C, 'toClient', Name>, RecipientOptions>
  ): Promise<void>
}
interface RecipientOptions {
  readonly id?: string
}
interface HubHealth {
  readonly stage: 'open' | 'draining' | 'closed'
  readonly isAccepting: boolean
  readonly broker: 'reachable' | 'unreachable' | 'unused'
}
interface HubStats {
  readonly connections: number
  readonly greeting: number
  readonly sessions: number
  readonly connected: number
  readonly tombstones: number
  readonly producers: number
  readonly bufferedMessages: number
  readonly bufferedBytes: number
  readonly channels: number
  readonly subscriptions: number
  readonly published: number
  readonly publicationsSent: number
  readonly recoveries: number
  readonly gaps: number
  readonly channelRefusals: Readonly<Record<string, number>>
  readonly brokerFailures: number
  readonly accepted: number
  readonly refused: number
  readonly opened: number
  readonly resumed: number
  readonly arrived: number
  readonly disconnected: number
  readonly ended: Readonly<Record<string, number>>
  readonly refusals: Readonly<Record<number, number>>
  readonly limitHits: Readonly<Record<string, number>>
  readonly rtt: {
    readonly count: number
    readonly sum: number
  }
  readonly sentMessages: number
  readonly sentBytes: number
  readonly receivedBytes: number
  readonly receivedMessages: number
  readonly droppedMessages: number
  readonly deliveredMessages: number
  readonly invalid: number
  readonly unhandled: number
}
interface SocketLike {
  readonly readyState: number
  readonly bufferedAmount: number
  binaryType: string
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
  terminate?(): void
}
interface RequestLike {
  readonly url?: string | undefined
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly socket?: {
    readonly remoteAddress?: string | undefined
    readonly encrypted?: boolean | undefined
    readonly server?: unknown
  }
}
interface HubPorts {
  readonly clock: Clock
  randomBytes(count: number): Uint8Array
  report(error: unknown): void
  warn(message: string): void
}
interface HttpServerLike {
  on(event: 'upgrade', listener: (...values: unknown[]) => void): unknown
  off(event: 'upgrade', listener: (...values: unknown[]) => void): unknown
  listeners(event: 'upgrade'): readonly unknown[]
  emit(event: 'upgrade', ...values: unknown[]): boolean
  address?(): unknown
}
interface Hub<C = AnyContract, Data = unknown> extends AsyncDisposeLike {
  on<Name extends string & EventName<C, 'toServer'>>(
    name: Name,
    listener: (data: EventData<C, 'toServer', Name>, peer: Peer<C, Data>) => unknown,
  ): Unsubscribe
  onAny(listener: (name: string, data: unknown, peer: Peer<C, Data>) => unknown): Unsubscribe
  onRaw(listener: (data: string | Uint8Array, peer: Peer<C, Data>) => unknown): Unsubscribe
  handle<Name extends string & RequestName<C>>(
    name: Name,
    handler: (
      input: RequestInput<C, 'toServer', Name>,
      peer: Peer<C, Data>,
      context: RequestContext,
    ) => RequestAnswer<C, Name> | Promise<RequestAnswer<C, Name>>,
  ): Unsubscribe
  onPeer(
    listener: (
      peer: Peer<C, Data>,
      context: {
        readonly arrival: PeerArrival
      },
    ) => unknown,
  ): Unsubscribe
  watch<Kind extends keyof HubLifecycle>(
    kind: Kind,
    listener: (value: HubLifecycle<Peer<C, Data>>[Kind]) => unknown,
  ): Unsubscribe
  readonly peers: ReadonlyMap<string, Peer<C, Data>>
  broadcast<Name extends string & EventName<C, 'toClient'>>(
    name: Name,
    ...args: EventArguments<EventData<C, 'toClient', Name>, BroadcastOptions<Peer<C, Data>>>
  ): void
  channels(kind: HubChannelKind<C>, rules: ChannelRules<Peer<C, Data>>): void
  channel<Name extends string & HubChannelName<C>>(name: Name): Channel<C, KindOf<C, Name>, Data>
  to(identity: string): Recipient<C>
  stats(): HubStats
  health(): Promise<HubHealth>
  attach(server: HttpServerLike, options?: AttachOptions): Unsubscribe
  accept(socket: SocketLike, request: RequestLike): void
  park(peer: Peer<C, Data>): void
  close(options?: { readonly drain?: number }): Promise<void>
}
interface AttachOptions {
  readonly path?: string
}
interface BroadcastOptions<P> extends SendOptions {
  readonly except?: P | Iterable<P> | ((peer: P) => boolean)
  readonly exceptIdentities?: readonly string[]
  readonly local?: boolean
}
interface HubLifecycle<P = Peer> {
  readonly open: {
    readonly peer: P
    readonly resumed: boolean
    readonly replayed: number
  }
  readonly down: {
    readonly peer: P
    readonly code: number
    readonly reason: string
  }
  readonly closed: PeerEnd & {
    readonly peer: P
  }
  readonly invalid: InvalidMessage<P>
  readonly unhandled: UnhandledMessage<P>
  readonly refused: {
    readonly code: number
    readonly why: string
    readonly request: RequestLike
    readonly peer?: P
    readonly error?: unknown
  }
  readonly rtt: {
    readonly peer: P
    readonly rtt: number
  }
}
interface InvalidMessage<P = Peer> extends InvalidData {
  readonly peer: P
}
interface UnhandledMessage<P = Peer> extends UnhandledMessage$1 {
  readonly peer: P
}
interface AuthenticateContext {
  readonly token: string | undefined
  readonly request: RequestLike
  readonly reason: 'connect' | 'resume' | 'renew'
  readonly signal: AbortSignalLike
}
interface Authentication<Data = unknown> {
  readonly identity: string | null
  readonly data?: Data | undefined
  readonly expiresIn?: number | undefined
}
type MaybeAuthentication<Data> = Authentication<Data> | undefined | Promise<Authentication<Data> | undefined>
interface CompressionOptions {
  readonly threshold?: number
  readonly concurrencyLimit?: number
  readonly level?: number
  readonly memLevel?: number
  readonly windowBits?: number
  readonly contextTakeover?: boolean
}
type Hosts = '*' | readonly string[]
interface HubLimits {
  readonly maxPayloadBytes?: number
  readonly window?: Window
  readonly decode?: Partial<DecodeLimits>
  readonly maxConnections?: number
  readonly maxConnectionsPerAddress?: number
  readonly admissionRate?: number
  readonly admissionBurst?: number
  readonly maxSessions?: number
  readonly maxSessionsPerAddress?: number
  readonly maxSessionsPerIdentity?: number
  readonly maxTombstones?: number
  readonly maxProducers?: number
  readonly messageRate?: number
  readonly messageBurst?: number
  readonly maxRunningRequests?: number
  readonly maxBufferedMessages?: number
  readonly maxBufferedBytes?: number
  readonly maxBufferedTotalBytes?: number
  readonly maxClaims?: number
  readonly maxParkedTotalBytes?: number
  readonly maxChannelsPerSession?: number
  readonly maxSubscriptions?: number
  readonly maxChannels?: number
  readonly publishRate?: number
  readonly publishBurst?: number
  readonly maxPublicationBytes?: number
  readonly maxPresenceMembers?: number
  readonly maxPresenceBytes?: number
  readonly maxUnsentPublicationBytes?: number
}
type Origins = '*' | readonly string[] | ((origin: string, request: RequestLike) => boolean)
type Trace<Data = unknown> = (message: TracedMessage<Data>) => MessageTrace | undefined | void
interface TracedMessage<Data = unknown> {
  readonly direction: 'in' | 'out'
  readonly kind: 'event' | 'request' | 'publication' | 'raw'
  readonly name: string
  readonly data: unknown
  readonly peer: Peer<AnyContract, Data>
  readonly channel?: string
}
interface MessageTrace {
  run?(handle: () => void): void
  end?(result: TraceResult): void
}
interface TraceResult {
  readonly error?: unknown
  readonly outcome?: Outcome
}
interface HubOptions<Data = unknown> {
  readonly authenticate?: (context: AuthenticateContext) => MaybeAuthentication<Data>
  readonly origins?: Origins
  readonly hosts?: Hosts
  readonly broker?: Broker
  readonly limits?: HubLimits
  readonly sessionTimeout?: number
  readonly tombstoneTimeout?: number
  readonly producerTimeout?: number
  readonly pingInterval?: number
  readonly greetingTimeout?: number
  readonly address?: (request: RequestLike) => string | undefined
  readonly perMessageDeflate?: boolean | CompressionOptions
  readonly trace?: Trace<Data>
  readonly ports?: Partial<HubPorts>
}
declare function createHub<S extends Schemas, Data = unknown>(
  options: HubOptions<Data> & {
    readonly contract: S
  },
): Hub<ServerContractOf<S>, Data>
declare function createHub<C extends Contract = AnyContract, Data = unknown>(
  options?: HubOptions<Data>,
): Hub<C, Data>
interface MemoryOptions {
  readonly maxChannels?: number
  readonly maxBytes?: number
  readonly now?: () => number
  readonly setTimer?: (callback: () => void, delay: number) => void
}
declare function memory(options?: MemoryOptions): Broker
interface Publisher {
  publish(channel: string, event: string, data?: unknown, options?: PublishOptions): Promise<Position>
  close(): Promise<void>
}
type PublisherKinds = Readonly<Record<string, Pick<ChannelRules, 'history'>>>
declare function createPublisher(broker: Broker, kinds: PublisherKinds): Publisher
export { HoldfastError, createHub, createPublisher, isHoldfastError, memory, schemas }
export type {
  AbortSignalLike,
  AnyContract,
  AsyncDisposeLike,
  AttachOptions,
  AuthenticateContext,
  Authentication,
  BroadcastOptions,
  Broker,
  BrokerListener,
  BrokerNode,
  Channel,
  ChannelData,
  ChannelEvent,
  ChannelHistory,
  ChannelKind,
  ChannelMember,
  ChannelPage,
  ChannelPresence,
  ChannelPublication,
  ChannelRules,
  Checks,
  Claim,
  Clock,
  CompressionOptions,
  Contract,
  DecodeLimits,
  Delivery,
  EventData,
  EventName,
  HistoryOptions,
  HoldfastErrorCode,
  HoldfastErrorDetails,
  Hosts,
  HttpServerLike,
  Hub,
  HubChannelKind,
  HubChannelName,
  HubHealth,
  HubLifecycle,
  HubLimits,
  HubOptions,
  HubPorts,
  HubStats,
  InvalidData,
  InvalidMessage,
  KindOf,
  LogBounds,
  LogEntry,
  LogRange,
  LogSlice,
  LostReason,
  MailboxEntry,
  MaybeAuthentication,
  Member,
  MemberChange,
  Members,
  MemoryOptions,
  MessageTrace,
  NewEntry,
  Origins,
  Outcome,
  ParkedState,
  Peer,
  PeerArrival,
  PeerEnd,
  PeerJoinOptions,
  Permission,
  Place,
  Position,
  PostResult,
  PresenceData,
  PublicationData,
  PublicationName,
  PublicationOf,
  PublishOptions,
  Publisher,
  PublisherKinds,
  Recipient,
  RecipientOptions,
  ReleaseRequest,
  RequestContext,
  RequestLike,
  RequestName,
  RequestOptions,
  RequestSchema,
  SchemaContract,
  SchemaIssue,
  SchemaResult,
  Schemas,
  SendOptions,
  ServerContractOf,
  SessionStoreListener,
  SessionStoreNode,
  SessionToken,
  SocketLike,
  StandardSchema,
  TakeOptions,
  Taken,
  TraceResult,
  TracedMessage,
  UndeliveredReason,
  UnhandledMessage,
  UnknownReason,
  Unsubscribe,
  Verdict,
  Window,
}
