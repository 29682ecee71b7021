// Written by `node test/package/api.ts --accept`.
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
interface SendOptions {
  readonly ttl?: number
  readonly key?: string
  readonly volatile?: boolean
  readonly signal?: AbortSignalLike
  readonly durability?: 'strict' | 'relaxed' | 'memory'
}
interface Link<Body> {
  readonly batchBytes?: number
  bufferedAmount(): number
  isWritable(bytes: number): boolean
  write(message: Queued<Body>): boolean
  flushed?(): void
  ask?(): void
}
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
type Encoded = Payload | object
interface Store {
  wrap(create: CreateOutbox): CreateOutbox
}
type CreateOutbox = (parts: OutboxParts) => ClientOutbox
interface OutboxParts extends Pick<Ports, 'clock' | 'report'> {
  readonly link: Link<Encoded>
  settled(name: string | undefined, outcome: Outcome, bytes: number, delivery?: Delivery): void
}
interface ClientOutbox extends Outbox<Encoded> {
  dispose?(): Promise<void>
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
