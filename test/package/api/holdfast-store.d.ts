// Written by `node test/package/api.ts --accept`.
// holdfast.d.ts has: AbortSignalLike Store
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
