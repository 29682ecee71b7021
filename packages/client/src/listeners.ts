import mitt from 'mitt'
import { misuse, reportRejection } from '@holdfast/protocol'

/** A registry of listeners by key, on mitt. Keys are data: any string is an ordinary name. */
export interface Listeners {
  /** Adds a listener and returns the function that removes it again. A key is forgotten with its last listener. */
  on(key: PropertyKey, listener: Listener): () => void
  once(key: PropertyKey, listener: Listener): () => void
  off(key: PropertyKey, listener: Listener): void
  /** Calls the listeners of a key, each for itself: one that throws or rejects is reported. Tells whether there were any. */
  emit(key: PropertyKey, ...values: unknown[]): boolean
  clear(): void
}

export type Handler<T> = (value: T) => unknown

/** Removes what was added. Harmless when called again. */
export type Unsubscribe = () => void

export type Listener = (...values: never[]) => unknown

/** One registration, so that it is never taken for another of the same listener. */
interface Entry {
  readonly listener: Listener
  readonly isOnce: boolean
  isOn: boolean
}

export function createListeners(report: (error: unknown) => void): Listeners {
  const registry = mitt<Record<PropertyKey, unknown>>()
  const registered = registry.all as unknown as Map<PropertyKey, Entry[]>

  const add = (key: PropertyKey, listener: Listener, isOnce: boolean): (() => void) => {
    if (typeof listener !== 'function') throw misuse('a listener must be a function')
    const entry = { listener, isOnce, isOn: true }
    registry.on(key, entry as never)
    return () => remove(key, entry)
  }
  const remove = (key: PropertyKey, entry: Entry): void => {
    entry.isOn = false
    registry.off(key, entry as never)
    if (!registered.get(key)?.length) registered.delete(key)
  }

  return {
    on: (key, listener) => add(key, listener, false),
    once: (key, listener) => add(key, listener, true),
    off(key, listener) {
      const found = registered.get(key)?.find((entry) => entry.listener === listener)
      if (found) remove(key, found)
    },
    emit(key, ...values) {
      const entries = registered.get(key)
      if (!entries) return false
      for (const entry of entries.slice())
        try {
          // Like an EventTarget: what one listener removes is not called any more.
          if (!entry.isOn) continue
          if (entry.isOnce) remove(key, entry)
          reportRejection(entry.listener(...(values as never[])), report)
        } catch (error) {
          report(error)
        }
      return true
    },
    clear() {
      for (const entries of registered.values()) for (const entry of entries) entry.isOn = false
      registered.clear()
    },
  }
}
