// Written by `node test/package/api.ts --accept`.
type DelayRange = readonly [min: number, max: number]
type CloseAction = 'refresh' | 'fatal'
interface CloseRule {
  readonly reason: string
  readonly action?: CloseAction
  readonly delay?: DelayRange
  readonly limit?: number
}
type ProducerSequence = readonly [producer: string, n: number]
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
}
interface ProducersOffer {
  readonly epoch: string
  readonly ttl: number
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
interface Clock {
  now(): number
  wall(): number
  setTimer(callback: () => void, delay: number, keepsAlive?: boolean): unknown
  clearTimer(timer: unknown): void
}
type UndeliveredReason =
  | 'expired'
  | 'overflow'
  | 'cancelled'
  | 'replaced'
  | 'volatile'
  | 'too-large'
  | 'rejected'
  | 'session-lost'
  | 'closed'
  | 'disposed'
type UnknownReason = 'session-lost' | 'closed' | 'disposed'
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
interface SendOptions {
  readonly ttl?: number
  readonly key?: string
  readonly volatile?: boolean
  readonly signal?: AbortSignalLike
  readonly durability?: 'strict' | 'relaxed'
}
interface Outgoing<Body> {
  readonly body: Body
  readonly bytes: number
  readonly volatile: boolean
  readonly own?: true
  settle(outcome: Outcome): void
}
interface Sent extends Delivery, Pick<Outgoing<unknown>, 'settle'> {
  isShared: boolean
}
interface Link<Body> {
  readonly batchBytes?: number
  bufferedAmount(): number
  isWritable(bytes: number): boolean
  write(message: Outgoing<Body>): boolean
  flushed?(): void
}
interface Outbox<Body, Name = string | undefined> {
  readonly size: number
  readonly bytes: number
  hasRoom(bytes: number): boolean
  push(body: Body, bytes: number, name: Name, options: SendOptions): Sent
  flush(): void
  flushAll(): void
  discard(reason: UndeliveredReason): void
  refuse(reason: UndeliveredReason): void
  accept(): void
}
type Payload = string | Uint8Array<ArrayBuffer>
interface RequestLike<Result = unknown> {
  readonly result: Result
  readonly error: unknown
  onsuccess: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
}
type Key = number | string | readonly Key[]
interface ObjectStoreLike {
  put(value: unknown): RequestLike
  delete(key: Key): RequestLike
  get(key: Key): RequestLike
  getAll(query?: unknown, count?: number): RequestLike<unknown[]>
}
interface TransactionLike {
  readonly error: unknown
  oncomplete: ((event: never) => void) | null
  onabort: ((event: never) => void) | null
  objectStore(name: string): ObjectStoreLike
  commit?(): void
}
interface DatabaseLike {
  onclose: ((event: never) => void) | null
  onversionchange: ((event: never) => void) | null
  createObjectStore(
    name: string,
    options: {
      keyPath: string | string[]
    },
  ): unknown
  transaction(
    stores: string[],
    mode: 'readonly' | 'readwrite',
    options?: {
      durability: 'strict' | 'relaxed'
    },
  ): TransactionLike
  close(): void
}
interface OpenRequestLike extends RequestLike<DatabaseLike> {
  onupgradeneeded: ((event: never) => void) | null
}
interface DatabasesLike {
  open(name: string, version: number): OpenRequestLike
}
interface LocksLike {
  request(
    name: string,
    options: {
      ifAvailable?: boolean
      signal?: AbortSignalLike
    },
    callback: (lock: unknown) => unknown,
  ): Promise<unknown>
}
interface PageEventLike {
  readonly type: string
  readonly persisted?: boolean
}
interface StorePorts {
  readonly databases: () => DatabasesLike | undefined
  readonly keyRange: (from: Key, to: Key) => unknown
  readonly locks: () => LocksLike | undefined
  readonly randomBytes: (count: number) => Uint8Array
  readonly isHidden: () => boolean
  readonly listen: (listener: (event: PageEventLike) => void) => () => void
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
interface Moment {
  readonly now: number
  readonly wall: number
}
interface Sample extends Moment {
  readonly random: number
  readonly heardAt: number
  readonly rtt?: number | undefined
  readonly readyState?: number | undefined
  readonly isHidden?: boolean
}
interface Watch {
  readonly phase: 'quiet' | 'probing' | 'judging'
  readonly deadline: number
  readonly sentAt?: Pick<Sample, 'now' | 'wall'>
  readonly repeated?: boolean
}
type State = Idle | Attempt | Open | Waiting | Closing | Closed
interface Base {
  readonly epoch: number
  readonly tally: Tally
  readonly notBefore: number
}
interface Tally {
  readonly attempts: number
  readonly forgiven: number
  readonly timeouts: number
  readonly unopened: number
  readonly strikes: number
  readonly refresh: boolean
  readonly told?: CloseRule['delay'] | undefined
  readonly tolds: number
}
interface Idle extends Base {
  readonly name: 'idle'
}
interface Attempt extends Base {
  readonly name: 'preparing' | 'opening' | 'greeting'
  readonly startedAt: number
  readonly deadline: number
  readonly cause: Cause | undefined
  readonly failure?: Cause
  readonly finding?: Finding
}
interface Open extends Base {
  readonly name: 'open'
  readonly startedAt: number
  readonly openedAt: number
  readonly watch: Watch | undefined
  readonly lookAt: number
  readonly deadline?: number
  readonly failure?: Cause
}
interface Waiting extends Base {
  readonly name: 'waiting'
  readonly deadline: number
  readonly earliest: number
  readonly wakeWithin: number
  readonly cause: Cause
}
interface Closing extends Base {
  readonly name: 'closing'
  readonly deadline: number
  readonly cause: Cause
}
interface Closed extends Base {
  readonly name: 'closed'
  readonly cause: Cause
  readonly fatal: boolean
}
interface Aftermath extends CloseRule {
  readonly told?: CloseRule['delay'] | undefined
}
interface Finding {
  readonly cause: Cause
  readonly delay?: DelayRange
  readonly refresh?: boolean
}
type Signal = 'wake' | 'change' | 'offline' | 'leave' | 'blocked'
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
interface Failure {
  readonly cause: Cause
  readonly rule: Aftermath
}
interface Connection {
  readonly state: State
  readonly rtt: number | undefined
  bufferedAmount(): number
  connect(): void
  reconnect(): void
  stop(cause: Cause, graceful: boolean): void
  confirm(): void
  readonly heardFrames: number
  readonly protocol: string | undefined
  fail(failure: Failure, closeCode?: number): void
  doubt(): void
  measured(time: number): void
  answered(): void
  isWritable(): boolean
  write(payload: Payload): boolean
}
type Encoded = Payload | object
interface Store {
  attach(host: StoreHost): StoreEnd
}
interface StoreHost extends Pick<Ports, 'clock' | 'report'> {
  readonly connection: Pick<Connection, 'state'>
  outbox(): Outbox<Encoded>
  settled(name: string | undefined, outcome: Outcome): void
}
interface StoreEnd {
  next(): ProducerSequence
  isOvertaken(place: ProducerSequence): boolean
  add(
    place: ProducerSequence,
    message: Encoded,
    name: string | undefined,
    delivery: Sent,
    how: SendOptions,
  ): void
  settled(delivery: Delivery): boolean
  greeted(
    ok: Pick<Ok, 'identity'> & {
      readonly producers?: ProducersOffer
    },
  ): void
  guard(link: Link<Encoded>): Link<Encoded>
  dispose(): Promise<void>
}
interface StoreTrouble {
  readonly what: 'unavailable' | 'failed' | 'quota' | 'invalid'
  readonly cause: unknown
  readonly durability: 'disk' | 'memory'
}
interface StoreOptions {
  readonly name: string
  readonly ttl?: number
  readonly maxStored?: number
  readonly onTrouble?: (trouble: StoreTrouble) => unknown
  readonly ports?: Partial<StorePorts>
}
interface DiskStore extends Store {
  readonly durability: 'disk' | 'memory'
  committed(): Promise<void>
}
declare function store(options: StoreOptions): DiskStore
export { store }
export type {
  DatabaseLike,
  DatabasesLike,
  DiskStore,
  Key,
  LocksLike,
  ObjectStoreLike,
  OpenRequestLike,
  PageEventLike,
  RequestLike,
  StoreOptions,
  StorePorts,
  StoreTrouble,
  TransactionLike,
}
