import type { Clock } from '@holdfast/protocol'
import type { DatabaseLike, Key, ObjectStoreLike, RequestLike, StorePorts } from './ports.ts'

/** The object stores. */
export type StoreName = 'messages' | 'producers'

/** One step of a transaction. */
export interface Step {
  readonly place: StoreName
  readonly key: Key
  /** Returns the value to put; without it, the task deletes. */
  readonly value?: () => object
}

/** What is to be written, and may not be worth it any more when its turn comes. */
export interface Writable {
  readonly isStrict: boolean
  /** Whether it is or was in a transaction. */
  isWritten: boolean
  isGone: boolean
}

/** One step, which is evaluated when its turn comes. */
export interface Task extends Step {
  readonly item?: Writable
}

/** An open database. After a failure it may be unusable. */
export interface Database {
  /** Carries out all steps or none. */
  write(steps: readonly Step[], isStrict: boolean): Promise<void>
  read<Result>(place: StoreName, ask: (store: ObjectStoreLike) => RequestLike<Result>): Promise<Result>
  /** Transactions that are under way are completed. */
  close(): void
}

const version = 1
/** How long opening may take, in milliseconds: some browsers never answer. */
const openTimeout = 5_000

/** `lost` is called when the platform closes the database, or another page deletes or upgrades it. */
export function openDatabase(
  ports: StorePorts,
  clock: Clock,
  name: string,
  lost: (cause: unknown) => void,
): Promise<Database> {
  return new Promise((resolve, reject) => {
    const databases = ports.databases()
    if (!databases) throw new TypeError('no IndexedDB here')
    const request = databases.open(name, version)
    let isLate = false
    const timer = clock.setTimer(() => {
      isLate = true
      reject(new Error('opening the database took too long'))
    }, openTimeout)
    request.onupgradeneeded = () => {
      const { result } = request
      result.createObjectStore('messages', { keyPath: ['producer', 'n'] })
      result.createObjectStore('producers', { keyPath: 'id' })
    }
    request.onerror = () => {
      clock.clearTimer(timer)
      reject(request.error)
    }
    request.onsuccess = () => {
      clock.clearTimer(timer)
      const { result } = request
      if (isLate) return result.close()
      result.onclose = () => lost(new Error('the database was closed'))
      // Another page deletes it, or has a newer version.
      result.onversionchange = () => {
        result.close()
        lost(new Error('another page changes the database'))
      }
      resolve(databaseOf(result))
    }
  })
}

function databaseOf(database: DatabaseLike): Database {
  return {
    write: (steps, isStrict) =>
      new Promise((resolve, reject) => {
        const durability = isStrict ? 'strict' : 'relaxed'
        const transaction = database.transaction(['messages', 'producers'], 'readwrite', { durability })
        transaction.oncomplete = () => resolve()
        transaction.onabort = () => reject(transaction.error)
        const messages = transaction.objectStore('messages')
        const producers = transaction.objectStore('producers')
        for (const { place, key, value } of steps) {
          const store = place === 'messages' ? messages : producers
          if (value) store.put(value())
          else store.delete(key)
        }
        // Without `commit()`, the transaction waits for events of its requests, which a page that is about to freeze does not get.
        transaction.commit?.()
      }),
    read: (place, ask) =>
      new Promise((resolve, reject) => {
        const transaction = database.transaction([place], 'readonly')
        const request = ask(transaction.objectStore(place))
        request.onsuccess = () => resolve(request.result)
        transaction.onabort = () => reject(transaction.error)
        request.onerror = () => reject(request.error)
      }),
    close: () => database.close(),
  }
}
