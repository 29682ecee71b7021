import mitt from 'mitt'
import { misuse } from './errors.ts'

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

  const on = (key: PropertyKey, listener: Listener): (() => void) => {
    if (typeof listener !== 'function') throw misuse('a listener must be a function')
    registry.on(key, listener as never)
    let active = true
    return () => {
      if (active) registry.off(key, listener as never)
      active = false
    }
  }

  return {
    on,
    once(key, listener) {
      const wrapped: Listener = (...values) => {
        remove()
        return listener(...values)
      }
      wrapped.of = listener
      const remove = on(key, wrapped)
      return remove
    },
    off(key, listener) {
      const found = registered
        .get(key)
        ?.find((candidate) => candidate === listener || candidate.of === listener)
      if (found) registry.off(key, found as never)
    },
    emit(key, ...values) {
      const listeners = registered.get(key)
      if (!listeners?.length) return false
      for (const listener of listeners.slice())
        try {
          listener(...(values as never[]))
        } catch (error) {
          report(error)
        }
      return true
    },
    clear: () => registered.clear(),
  }
}
