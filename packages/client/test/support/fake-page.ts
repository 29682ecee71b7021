import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import type {
  DatabaseLike,
  DatabasesLike,
  LocksLike,
  ObjectStoreLike,
  OpenRequestLike,
  PageEventLike,
  RequestLike,
  StorePorts,
  TransactionLike,
} from '../../src/store/index.ts'

/** Where a database can be made to fail. */
export type FaultPoint = 'open' | 'transaction' | 'put' | 'delete' | 'complete' | 'read'

/** What the pages of one origin share: databases and locks. */
export interface FakeOrigin {
  readonly databases: InstanceType<typeof IDBFactory>
  page(): FakePage
  /** All records of an object store, as a page would find them. */
  records(name: string, place: 'messages' | 'producers'): Promise<Record<string, unknown>[]>
  /** Something comes into an object store, whoever is there. */
  put(name: string, place: 'messages' | 'producers', record: object): Promise<void>
  isLocked(name: string): boolean
}

/** One page: a real IndexedDB in memory, with faults on request, locks, and a life of its own. */
export interface FakePage {
  readonly ports: StorePorts
  /** How many transactions have written. */
  readonly transactions: number
  readonly strictTransactions: number
  /** How often a database was opened, or was to be. */
  readonly opens: number
  readonly listeners: number
  /** Makes that point fail, so many times, after it has worked so many times. */
  fail(point: FaultPoint, error: Error, times?: number, after?: number): void
  /** Says for which records there is no room. */
  refuse(isTooMuch: (value: unknown) => boolean): void
  /** The page does not hear of what is committed until the returned function is called. */
  hold(): () => void
  /** The platform takes the database away. */
  loseDatabase(): void
  hide(): void
  event(event: PageEventLike): void
  /** The process of the page is gone. */
  kill(): void
  readonly isDead: boolean
}

interface Fault {
  readonly point: FaultPoint
  readonly error: Error
  times: number
  after: number
}

interface Request {
  readonly owner: object
  grant(): void
}

export function createOrigin(): FakeOrigin {
  const databases = new IDBFactory()
  const holders = new Map<string, object>()
  const waiting = new Map<string, Request[]>()

  const release = (name: string): void => {
    holders.delete(name)
    waiting.get(name)?.shift()?.grant()
  }

  return {
    databases,
    isLocked: (name) => holders.has(name),
    records: async (name, place) => {
      const database = await settle(databases.open(`holdfast:${name}`) as unknown as OpenRequestLike)
      const store = database.transaction([place], 'readonly').objectStore(place)
      const found = await settle(store.getAll())
      database.close()
      return (found as Record<string, unknown>[]).filter(({ id }) => id !== '')
    },
    put: async (name, place, record) => {
      const database = await settle(databases.open(`holdfast:${name}`) as unknown as OpenRequestLike)
      await settle(database.transaction([place], 'readwrite').objectStore(place).put(record))
      database.close()
    },
    page() {
      const faults: Fault[] = []
      const listeners = new Set<(event: PageEventLike) => void>()
      const owned = new Set<string>()
      const self = {}
      let handles: DatabaseLike[] = []
      let isTooMuch: ((value: unknown) => boolean) | undefined
      let isHidden = false
      let isDead = false
      let isHeld = false
      let stuck: (() => void)[] = []
      let transactions = 0
      let strictTransactions = 0
      let opens = 0

      const faultAt = (point: FaultPoint): Error | undefined => {
        const fault = faults.find((candidate) => candidate.point === point && candidate.times > 0)
        if (!fault) return undefined
        if (fault.after-- > 0) return undefined
        fault.times--
        return fault.error
      }

      const transactionOf = (real: TransactionLike): TransactionLike => {
        let failure: unknown
        const abort = (error: unknown): void => {
          failure ??= error
          queueMicrotask(() => {
            try {
              ;(real as unknown as { abort(): void }).abort()
            } catch {
              // It is aborted already.
            }
          })
        }
        /** Nobody is there to hear of it, so what code is left hears that it did not work. */
        const deathOf = (of: TransactionLike): void => {
          failure = named('InvalidStateError')
          of.onabort?.({} as never)
        }
        const facade: TransactionLike = {
          oncomplete: null,
          onabort: null,
          get error() {
            return failure ?? real.error
          },
          objectStore(name): ObjectStoreLike {
            const store = real.objectStore(name)
            return {
              put(value) {
                const error = faultAt('put')
                if (error) abort(error)
                if (isTooMuch?.(value)) abort(named('QuotaExceededError'))
                return store.put(value)
              },
              delete(key) {
                const error = faultAt('delete')
                if (error) abort(error)
                return store.delete(key)
              },
              get: (key) => reading(store.get(key)),
              getAll: (query, count) => reading(store.getAll(query, count)),
            }
          },
          commit() {
            const error = faultAt('complete')
            if (error) abort(error)
            else if (!failure) real.commit?.()
          },
        }
        const reading = <Result>(request: RequestLike<Result>): RequestLike<Result> => {
          const error = faultAt('read')
          if (error) abort(error)
          return request
        }
        real.oncomplete = (event) => {
          if (isDead) return deathOf(facade)
          if (isHeld) stuck.push(() => facade.oncomplete?.(event))
          else facade.oncomplete?.(event)
        }
        real.onabort = (event) => {
          facade.onabort?.(event)
        }
        return facade
      }

      const databaseOf = (real: DatabaseLike): DatabaseLike => {
        const facade: DatabaseLike = {
          onclose: null,
          onversionchange: null,
          createObjectStore: (name, options) => real.createObjectStore(name, options),
          transaction(stores, mode, options) {
            if (isDead) throw named('InvalidStateError')
            const error = faultAt('transaction')
            if (error) throw error
            if (mode === 'readwrite') transactions++
            if (mode === 'readwrite' && options?.durability === 'strict') strictTransactions++
            return transactionOf(real.transaction(stores, mode, options))
          },
          close() {
            handles = handles.filter((handle) => handle !== facade)
            real.close()
          },
        }
        real.onversionchange = (event) => facade.onversionchange?.(event)
        handles.push(facade)
        return facade
      }

      const opening: DatabasesLike = {
        open(name, version) {
          opens++
          const error = isDead ? named('InvalidStateError') : faultAt('open')
          const facade = {
            result: undefined as unknown as DatabaseLike,
            error: error as unknown,
            onsuccess: null as OpenRequestLike['onsuccess'],
            onerror: null as OpenRequestLike['onerror'],
            onupgradeneeded: null as OpenRequestLike['onupgradeneeded'],
          }
          if (error) {
            setTimeout(() => facade.onerror?.({} as never))
            return facade
          }
          const real = databases.open(name, version) as unknown as OpenRequestLike
          real.onupgradeneeded = (event) => {
            facade.result = real.result
            facade.onupgradeneeded?.(event)
          }
          real.onerror = (event) => {
            facade.error = real.error
            facade.onerror?.(event)
          }
          real.onsuccess = (event) => {
            if (isDead) {
              real.result.close()
              facade.error = named('InvalidStateError')
              return facade.onerror?.(event)
            }
            facade.result = databaseOf(real.result)
            facade.onsuccess?.(event)
          }
          return facade
        },
      }

      const locks: LocksLike = {
        async request(name, { ifAvailable, signal }, callback) {
          // As in a browser, nothing is granted before the caller is done.
          await Promise.resolve()
          if (holders.has(name)) {
            if (ifAvailable) return callback(null)
            await new Promise<void>((resolve, reject) => {
              const queue = waiting.get(name) ?? []
              waiting.set(name, queue)
              const request = { owner: self, grant: resolve }
              queue.push(request)
              signal?.addEventListener('abort', () => {
                if (!queue.includes(request)) return
                queue.splice(queue.indexOf(request), 1)
                reject(signal.reason as Error)
              })
            })
          }
          if (isDead) {
            release(name)
            throw named('AbortError')
          }
          holders.set(name, self)
          owned.add(name)
          try {
            return await callback({ name })
          } finally {
            if (owned.delete(name)) release(name)
          }
        },
      }

      return {
        ports: {
          databases: () => opening,
          keyRange: (from, to) => IDBKeyRange.bound(from, to),
          locks: () => locks,
          randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
          isHidden: () => isHidden,
          listen(listener) {
            listeners.add(listener)
            return () => void listeners.delete(listener)
          },
        },
        get transactions() {
          return transactions
        },
        get strictTransactions() {
          return strictTransactions
        },
        get opens() {
          return opens
        },
        get listeners() {
          return listeners.size
        },
        get isDead() {
          return isDead
        },
        fail: (point, error, times = 1, after = 0) => void faults.push({ point, error, times, after }),
        refuse: (judge) => (isTooMuch = judge),
        hold() {
          isHeld = true
          return () => {
            isHeld = false
            const told = stuck
            stuck = []
            for (const tell of told) tell()
          }
        },
        loseDatabase() {
          for (const handle of handles) {
            const { onclose } = handle
            handle.close()
            onclose?.({} as never)
          }
        },
        hide: () => void (isHidden = true),
        event(event) {
          if (event.type === 'pageshow') isHidden = false
          for (const listener of listeners) listener(event)
        },
        kill() {
          isDead = true
          for (const handle of handles) handle.close()
          for (const name of owned) release(name)
          owned.clear()
        },
      }
    },
  }
}

/** An error as a database gives it. */
export function named(name: string): Error {
  return Object.assign(new Error(name), { name })
}

function settle<Result>(request: RequestLike<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
