import { misuse, reportRejection } from '@holdfast/protocol'

/** A function that is called for what happens; what it returns is ignored, unless it is a promise that rejects. */
export type Listener = (...values: never[]) => unknown

/** Removes what was added. Harmless when called again. */
export type Unsubscribe = () => void

/** What a listener is called with. A list of its own length would be made for every event. */
type Values = [first?: unknown, second?: unknown, third?: unknown]

/** A registry of listeners by key. Keys are data: any string is an ordinary name. */
export interface Listeners {
  /** Adds a listener and returns the function that removes it again. */
  on(key: PropertyKey, listener: Listener): Unsubscribe
  has(key: PropertyKey): boolean
  /** Calls the listeners of a key, each for itself: one that throws or rejects is reported. */
  emit(key: PropertyKey, ...values: Values): void
}

/** `report` hears what listeners throw. */
export function createListeners(report: (error: unknown) => void): Listeners {
  const registry = new Map<PropertyKey, readonly { readonly listener: Listener; isOn: boolean }[]>()

  return {
    on(key, listener) {
      if (typeof listener !== 'function') throw misuse('a listener must be a function')
      // Every registration is an object of its own, so that one is never taken for another of the same function.
      const entry = { listener, isOn: true }
      registry.set(key, [...(registry.get(key) ?? []), entry])
      return () => {
        if (!entry.isOn) return
        entry.isOn = false
        const rest = registry.get(key)!.filter((other) => other !== entry)
        if (rest.length > 0) registry.set(key, rest)
        else registry.delete(key)
      }
    },
    has: (key) => registry.has(key),
    emit(key, first, second, third) {
      const entries = registry.get(key)
      if (!entries) return
      for (const entry of entries) {
        // Like an EventTarget: what one listener removes is not called any more.
        if (!entry.isOn) continue
        try {
          reportRejection(entry.listener(first as never, second as never, third as never), report)
        } catch (error) {
          report(error)
        }
      }
    },
  }
}
