import type { AbortSignalLike } from '@holdfast/protocol'

/** A request to a database. */
export interface RequestLike<Result = unknown> {
  readonly result: Result
  readonly error: unknown
  onsuccess: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
}

/** A number, a string, or an array of keys. */
export type Key = number | string | readonly Key[]

/** The part of an `IDBObjectStore` that the store uses. */
export interface ObjectStoreLike {
  put(value: unknown): RequestLike
  delete(key: Key): RequestLike
  get(key: Key): RequestLike
  getAll(query?: unknown, count?: number): RequestLike<unknown[]>
}

/** The part of an `IDBTransaction` that the store uses. */
export interface TransactionLike {
  readonly error: unknown
  oncomplete: ((event: never) => void) | null
  onabort: ((event: never) => void) | null
  objectStore(name: string): ObjectStoreLike
  commit?(): void
}

/** The part of an `IDBDatabase` that the store uses. */
export interface DatabaseLike {
  onclose: ((event: never) => void) | null
  onversionchange: ((event: never) => void) | null
  createObjectStore(name: string, options: { keyPath: string | string[] }): unknown
  transaction(
    stores: string[],
    mode: 'readonly' | 'readwrite',
    options?: { durability: 'strict' | 'relaxed' },
  ): TransactionLike
  close(): void
}

/** The part of an `IDBOpenDBRequest` that the store uses. */
export interface OpenRequestLike extends RequestLike<DatabaseLike> {
  onupgradeneeded: ((event: never) => void) | null
}

/**
 * The part of an `IDBFactory` that the store uses.
 *
 * @see Indexed Database API 3.0
 */
export interface DatabasesLike {
  open(name: string, version: number): OpenRequestLike
}

/**
 * The part of a `LockManager` that the store uses.
 *
 * @see Web Locks API
 */
export interface LocksLike {
  request(
    name: string,
    options: { ifAvailable?: boolean; signal?: AbortSignalLike },
    callback: (lock: unknown) => unknown,
  ): Promise<unknown>
}

/** An event of the page. */
export interface PageEventLike {
  readonly type: string
  readonly persisted?: boolean
}

/** Everything impure that the store needs. If something is missing or throws, messages stay in memory. */
export interface StorePorts {
  readonly databases: () => DatabasesLike | undefined
  /** Returns the range of all keys between the two. */
  readonly keyRange: (from: Key, to: Key) => unknown
  readonly locks: () => LocksLike | undefined
  /** Returns unpredictable bytes for the ids of producers. */
  readonly randomBytes: (count: number) => Uint8Array
  readonly isHidden: () => boolean
  /** Listens to `pagehide`, `pageshow` and `visibilitychange` until the returned function is called. */
  readonly listen: (listener: (event: PageEventLike) => void) => () => void
}

// Every global is looked up when it is used, so that importing touches none.
const platform = globalThis as unknown as {
  readonly indexedDB?: DatabasesLike
  readonly IDBKeyRange: { bound(from: Key, to: Key): unknown }
  readonly navigator?: { readonly locks?: LocksLike }
  readonly crypto: { getRandomValues(bytes: Uint8Array): Uint8Array }
  readonly document?: { readonly visibilityState: string }
  readonly addEventListener?: (type: string, listener: (event: PageEventLike) => void) => void
  readonly removeEventListener?: (type: string, listener: (event: PageEventLike) => void) => void
}

/** The ports of browsers. */
export const browserPorts: StorePorts = {
  databases: () => platform.indexedDB,
  keyRange: (from, to) => platform.IDBKeyRange.bound(from, to),
  locks: () => platform.navigator?.locks,
  randomBytes: (count) => platform.crypto.getRandomValues(new Uint8Array(count)),
  isHidden: () => platform.document?.visibilityState === 'hidden',
  listen(listener) {
    const types = ['pagehide', 'pageshow', 'visibilitychange']
    for (const type of types) platform.addEventListener?.(type, listener)
    return () => {
      for (const type of types) platform.removeEventListener?.(type, listener)
    }
  },
}
