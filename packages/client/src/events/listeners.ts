import mitt from 'mitt'
import { createListeners as createListenersIn } from '@holdfast/protocol'
import type { Listeners, Registry } from '@holdfast/protocol'

/** Listeners by key, on mitt; `report` receives their exceptions. */
export function createListeners(report: (error: unknown) => void): Listeners {
  // Deno takes the module for its namespace, by the types that mitt has.
  return createListenersIn((mitt as unknown as () => Registry)(), report)
}
