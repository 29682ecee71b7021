import mitt from 'mitt'
import { misuse } from '@holdfast/protocol'

/** A registry of listeners by key, on mitt. Keys are data: any string is an ordinary name. */
export interface Listeners {
  /** Adds a listener and returns the function that removes it again. */
  on(key: PropertyKey, listener: Listener): () => void
  once(key: PropertyKey, listener: Listener): () => void
  off(key: PropertyKey, listener: Listener): void
  /** Calls the listeners of a key, each for itself: one that throws is reported. Tells whether there were any. */
  emit(key: PropertyKey, ...values: unknown[]): boolean
  clear(): void
}

export type Listener = ((...values: never[]) => unknown) & { of?: Listener }

export function createListeners(report: (error: unknown) => void): Listeners {
  const registry = mitt<Record<PropertyKey, unknown>>()
  const registered = registry.all as Map<PropertyKey, Listener[]>

  /** Every registration has a function of its own, so that one is never taken for another of the same listener. */
  const add = (key: PropertyKey, listener: Listener, isOnce: boolean): (() => void) => {
    if (typeof listener !== 'function') throw misuse('a listener must be a function')
    const entry: Listener = (...values) => {
      if (isOnce) remove()
      return listener(...values)
    }
    entry.of = listener
    registry.on(key, entry as never)
    const remove = (): void => registry.off(key, entry as never)
    return remove
  }

  return {
    on: (key, listener) => add(key, listener, false),
    once: (key, listener) => add(key, listener, true),
    off(key, listener) {
      const found = registered.get(key)?.find((entry) => entry.of === listener)
      if (found) registry.off(key, found as never)
    },
    emit(key, ...values) {
      const listeners = registered.get(key)
      if (!listeners?.length) return false
      for (const listener of listeners.slice())
        try {
          // Like an EventTarget: what one listener removes is not called any more.
          if (listeners.includes(listener)) listener(...(values as never[]))
        } catch (error) {
          report(error)
        }
      return true
    },
    clear() {
      for (const listeners of registered.values()) listeners.length = 0
    },
  }
}
