import { misuse } from './errors.ts'
import { reportRejection } from './rejection.ts'

/** Called with the data of an event; a promise that it returns is watched for rejection. */
export type Handler<T> = (value: T) => unknown

/** Removes the listener. A second call has no effect. */
export type Unsubscribe = () => void

export type Listener = (...values: never[]) => unknown

/** Stores listeners by key, in the order in which they were added; mitt implements it. Any string is an ordinary key. */
export interface Registry {
  readonly all: Map<PropertyKey, Registration[]>
  on(key: PropertyKey, registration: Registration): void
  off(key: PropertyKey, registration: Registration): void
}

/** A registration, distinct from other registrations of the same listener. */
export interface Registration {
  readonly listener: Listener
  readonly isOnce: boolean
  isOn: boolean
}

/** Calls listeners by key. */
export interface Listeners {
  /** Adds a listener and returns the function that removes it. A key is forgotten with its last listener. */
  on(key: PropertyKey, listener: Listener): Unsubscribe
  once(key: PropertyKey, listener: Listener): Unsubscribe
  off(key: PropertyKey, listener: Listener): void
  /**
   * Calls the listeners of a key in isolation: exceptions and rejections are reported. Returns whether there were
   * any.
   */
  emit(key: PropertyKey, ...values: unknown[]): boolean
  clear(): void
}

export function createListeners(registry: Registry, report: (error: unknown) => void): Listeners {
  const { all } = registry
  /** How many calls of `emit` are under way. */
  let emitting = 0
  /** The keys with listeners that were removed during an `emit`, which must not change the list that it iterates. */
  const stale = new Set<PropertyKey>()

  const add = (key: PropertyKey, listener: Listener, isOnce: boolean): Unsubscribe => {
    if (typeof listener !== 'function') throw misuse('a listener must be a function')
    const registration = { listener, isOnce, isOn: true }
    registry.on(key, registration)
    return () => remove(key, registration)
  }
  const remove = (key: PropertyKey, registration: Registration): void => {
    registration.isOn = false
    if (emitting > 0) stale.add(key)
    else registry.off(key, registration)
    if (!all.get(key)?.length) all.delete(key)
  }
  const sweep = (): void => {
    for (const key of stale) {
      const rest = all.get(key)?.filter(({ isOn }) => isOn)
      if (rest?.length) all.set(key, rest)
      else all.delete(key)
    }
    stale.clear()
  }

  const call = (listener: Listener, values: unknown[]): void => {
    try {
      reportRejection(listener(...(values as never[])), report)
    } catch (error) {
      report(error)
    }
  }

  return {
    on: (key, listener) => add(key, listener, false),
    once: (key, listener) => add(key, listener, true),
    off(key, listener) {
      const found = all.get(key)?.find(({ isOn, listener: other }) => isOn && other === listener)
      if (found) remove(key, found)
    },
    emit(key, ...values) {
      const registrations = all.get(key)
      if (!registrations) return false
      // Listeners that are added meanwhile receive only later events.
      const { length } = registrations
      let isHeard = false
      emitting++
      try {
        for (let index = 0; index < length; index++) {
          const registration = registrations[index]!
          // Like an EventTarget: a listener that another one removes is not called any more.
          if (!registration.isOn) continue
          isHeard = true
          if (registration.isOnce) remove(key, registration)
          call(registration.listener, values)
        }
      } finally {
        // The report of an exception may throw itself.
        if (--emitting === 0 && stale.size > 0) sweep()
      }
      return isHeard
    },
    clear() {
      for (const registrations of all.values())
        for (const registration of registrations) registration.isOn = false
      all.clear()
    },
  }
}
