import { given, HoldfastError, misuse, namesOf, reportRejection } from '@holdfast/protocol'
import type { Store, WrappingStore } from '../store.ts'
import { wrapOutbox } from './outbox.ts'
import { createPersistence } from './persistence.ts'
import type { Persistence, PersistenceOptions } from './persistence.ts'
import { browserPorts } from './ports.ts'
import type { StorePorts } from './ports.ts'
import type { StoreTrouble } from './trouble.ts'

/** The options of `store`. */
export interface StoreOptions {
  /**
   * The name of the database, after `holdfast:`. Pages of one origin that give the same name send each other's messages
   * once the page that sent them is gone: use one name for each server, and for each kind of client that sends other messages.
   */
  readonly name: string
  /**
   * How long a message that a page left behind may still be sent, in milliseconds; less if the message has a shorter `ttl`.
   *
   * @default 86_400_000
   */
  readonly ttl?: number
  /**
   * How many bytes all pages together may leave behind. The oldest messages beyond that settle as `undelivered`,
   * `overflow`. Does not limit what an open page sends; see `outbox`.
   *
   * @default 33_554_432
   */
  readonly maxStored?: number
  /**
   * Called when messages are only in memory, and when a row of the database cannot be read. Messages in memory are
   * sent as usual, but do not survive the page.
   */
  readonly onTrouble?: (trouble: StoreTrouble) => unknown
  /** IndexedDB, locks, randomness and the events of the page. For tests and platforms. */
  readonly ports?: Partial<StorePorts>
}

/** Persists messages in IndexedDB, for one client at a time. */
export interface DiskStore extends Store {
  /** Where messages are stored: `disk`, until the database turns out to be unusable. */
  readonly durability: 'disk' | 'memory'
  /**
   * Resolves when every message that was sent before is on disk, or has an outcome.
   *
   * @throws {HoldfastError} `not-stored` if one of them is only in memory; `cause` is the reason
   */
  committed(): Promise<void>
}

/**
 * Persists messages in IndexedDB until they have an outcome, so that they survive a reload or a crash of the page: the
 * next page of the same origin sends them, and a server that supports producers delivers each message once.
 *
 * Stores events, text and bytes in their encoded form. Does not store volatile messages, requests, and messages with the
 * durability `memory`. Touches nothing until something is sent or the client is connected. Without IndexedDB or Web Locks,
 * it calls `onTrouble`, and the client works as without a store.
 *
 * @throws {HoldfastError} `misuse`
 * @example
 * const outbox = store({ name: 'notes' })
 * const client = createClient({ url: '/ws', wire: session(), store: outbox })
 * client.send('note', { text: 'hi' })
 * await outbox.committed() // from here on, a crash does not lose it
 * @see Indexed Database API 3.0, Web Locks API
 */
/* @__NO_SIDE_EFFECTS__ */
export function store(options: StoreOptions): DiskStore {
  const {
    name,
    ttl = 86_400_000,
    maxStored = 33_554_432,
    onTrouble,
    ports,
  } = given(options, 'name, ttl, maxStored, onTrouble, ports')
  const storePorts = { ...browserPorts, ...given(ports, namesOf(browserPorts)) }
  if (typeof name !== 'string' || name === '') throw misuse('write store({ name })')
  if (!(ttl > 0) || !(maxStored > 0)) throw misuse('ttl and maxStored must be numbers above 0')
  let persistence: Persistence | undefined
  let durability: DiskStore['durability'] = 'disk'

  const disk: DiskStore & WrappingStore = {
    get durability() {
      return durability
    },
    async committed() {
      // A message that cannot be written may have an outcome by now.
      await persistence?.written().catch(() => {})
      const failure = persistence?.failure
      if (failure) throw new HoldfastError('not-stored', 'messages are only in memory', failure)
    },
    wrap: (create) => (parts) => {
      if (persistence) throw misuse('write a store() for each client')
      const persistenceOptions: PersistenceOptions = {
        name,
        ttl,
        maxStored,
        ports: storePorts,
        trouble(what, cause) {
          if (what === 'unavailable' || what === 'failed') durability = 'memory'
          try {
            reportRejection(onTrouble?.({ what, cause, durability }), parts.report)
          } catch (error) {
            parts.report(error)
          }
        },
        released() {
          persistence = undefined
          durability = 'disk'
        },
      }
      return wrapOutbox(create, parts, (host) => (persistence = createPersistence(persistenceOptions, host)))
    },
  }
  return disk
}
