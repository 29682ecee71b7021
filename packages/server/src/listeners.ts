import { createListeners as createListenersIn } from '@holdfast/protocol'
import type { Listeners, Registration } from '@holdfast/protocol'

/** Listeners by key; `report` receives their exceptions. */
export function createListeners(report: (error: unknown) => void): Listeners {
  const all = new Map<PropertyKey, Registration[]>()
  const listOf = (key: PropertyKey): Registration[] => all.get(key) ?? []
  return createListenersIn(
    {
      all,
      on(key, registration) {
        // Most keys always have one listener.
        const list = listOf(key)
        if (list.push(registration) === 1) all.set(key, list)
      },
      off(key, registration) {
        const list = listOf(key)
        const index = list.indexOf(registration)
        if (index >= 0) list.splice(index, 1)
      },
    },
    report,
  )
}
