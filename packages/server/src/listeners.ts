import { createListeners as createListenersIn } from '@holdfast/protocol'
import type { Listeners, Registration } from '@holdfast/protocol'

/** Listeners by key; `report` receives their exceptions. */
export function createListeners(report: (error: unknown) => void): Listeners {
  const all = new Map<PropertyKey, Registration[]>()
  return createListenersIn(
    {
      all,
      on(key, registration) {
        // Most keys always have one listener.
        const list = all.get(key) ?? []
        if (list.push(registration) === 1) all.set(key, list)
      },
    },
    report,
  )
}
