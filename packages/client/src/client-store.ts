import { misuse } from '@holdfast/protocol'
import type { Unsubscribe } from '@holdfast/protocol'
import type { Client } from './client.ts'
import { createListeners } from './events/listeners.ts'
import { partsKey } from './parts.ts'
import type { ClientParts } from './parts.ts'

/** A value that changes, with the listeners of its changes. */
export interface ClientStore<T> {
  readonly state: T
  subscribe(listener: () => unknown): Unsubscribe
}

/** Where a store reads its value. */
export interface StoreSource<T> {
  read(): T
  /** Calls back when `read` may return another value. Returns the function that ends that. */
  watch(changed: () => void): () => void
}

/** The part of a client from which `countdown()` and `pending()` make a store. */
export type StoreClient = Pick<Client, 'state' | 'subscribe'>

/**
 * Returns the store of a client that an earlier call has put into the cache, or else a new one.
 *
 * A store watches its source only while it has listeners.
 *
 * @throws {HoldfastError} `misuse` for what is not a client
 */
export function storeOf<T>(
  stores: WeakMap<ClientParts, ClientStore<T>>,
  client: StoreClient,
  sourceOf: (parts: ClientParts, client: StoreClient) => StoreSource<T>,
): ClientStore<T> {
  const parts = (client as Partial<Record<typeof partsKey, ClientParts>>)[partsKey]
  if (!parts) throw misuse('pass a client of createClient()')
  let store = stores.get(parts)
  if (!store) stores.set(parts, (store = createStore(sourceOf(parts, client), parts)))
  return store
}

function createStore<T>({ read, watch }: StoreSource<T>, { ports }: ClientParts): ClientStore<T> {
  const listeners = createListeners(ports.report)
  let count = 0
  let stop: () => void
  let announced: T

  const changed = (): void => {
    const state = read()
    if (state === announced) return
    announced = state
    listeners.emit('state')
  }

  return {
    get state() {
      return read()
    },
    subscribe(listener) {
      const off = listeners.on('state', listener)
      let isOn = true
      if (count++ === 0) {
        announced = read()
        stop = watch(changed)
      }
      return () => {
        off()
        if (isOn && --count === 0) stop()
        isOn = false
      }
    },
  }
}
