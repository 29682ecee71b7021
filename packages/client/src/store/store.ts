import { HoldfastError, misuse, reportRejection } from '@holdfast/protocol'
import { given } from '../options.ts'
import type { Store } from '../store.ts'
import { createKeeper } from './keeper.ts'
import type { Keeper, KeeperOptions } from './keeper.ts'
import { wrapOutbox } from './outbox.ts'
import { browserPorts } from './ports.ts'
import type { StorePorts } from './ports.ts'
import type { StoreTrouble } from './trouble.ts'

/** What `store` takes. */
export interface StoreOptions {
  /**
   * What the database is called, after `holdfast:`. Pages of one origin that give the same name send what the others have
   * left: one name for each server, and for each kind of client that sends other messages.
   */
  readonly name: string
  /**
   * For how long a message is worth sending that a page has left behind, in milliseconds; less if the message has a `ttl`.
   *
   * @default 86_400_000
   */
  readonly ttl?: number
  /**
   * How many bytes pages may leave behind, all together. The oldest messages above that settle as `undelivered`,
   * `overflow`. What a page sends itself is bounded by `outbox`.
   *
   * @default 33_554_432
   */
  readonly maxStored?: number
  /**
   * Called when messages are only in memory, and when something in the database cannot be read. Messages in memory are
   * sent as usual, but do not survive the page.
   */
  readonly onTrouble?: (trouble: StoreTrouble) => unknown
  /** IndexedDB, locks, randomness and the events of the page. For tests and platforms. */
  readonly ports?: Partial<StorePorts>
}

/** A store in IndexedDB, for one client at a time. */
export interface DiskStore extends Store {
  /** Where messages are kept: `disk`, until it shows that only memory is left. */
  readonly durability: 'disk' | 'memory'
  /**
   * Resolves when every message that was sent before is on disk, or has its outcome already.
   *
   * @throws {HoldfastError} `not-stored` when one of them is only in memory; `cause` tells why
   */
  committed(): Promise<void>
}

/**
 * Keeps what the client sends in IndexedDB until it has an outcome, so that it survives a reload or a crash of the page:
 * the next page of the same origin sends it, and a server with `producers` hands each message on once.
 *
 * Keeps events, text and bytes, as they go over the wire. Does not keep volatile messages and requests. Touches nothing
 * until something is sent or the client is connected. Without IndexedDB or Web Locks it tells `onTrouble`, and the
 * client works as without a store.
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
  const { name, ttl = 86_400_000, maxStored = 33_554_432, onTrouble } = options
  if (typeof name !== 'string' || name === '') throw misuse('a store needs a name')
  if (!(ttl > 0) || !(maxStored > 0)) throw misuse('ttl and maxStored must be numbers above 0')
  let keeper: Keeper | undefined
  let durability: DiskStore['durability'] = 'disk'

  return {
    get durability() {
      return durability
    },
    async committed() {
      // What cannot be written may have its outcome by now.
      await keeper?.written().catch(() => {})
      const failure = keeper?.failure
      if (failure) throw new HoldfastError('not-stored', 'messages are only in memory', failure)
    },
    wrap: (create) => (parts) => {
      if (keeper) throw misuse('a store is for one client')
      const keeperOptions: KeeperOptions = {
        name,
        ttl,
        maxStored,
        ports: { ...browserPorts, ...given(options.ports) },
        trouble(what, cause) {
          if (what === 'unavailable' || what === 'failed') durability = 'memory'
          try {
            reportRejection(onTrouble?.({ what, cause, durability }), parts.report)
          } catch (error) {
            parts.report(error)
          }
        },
        released() {
          keeper = undefined
          durability = 'disk'
        },
      }
      return wrapOutbox(create, parts, (host) => (keeper = createKeeper(keeperOptions, host)))
    },
  }
}
