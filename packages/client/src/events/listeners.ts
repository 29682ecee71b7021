import mitt from 'mitt'
import { createListeners as createListenersIn } from '@holdfast/protocol'
import type { Listeners, Registry } from '@holdfast/protocol'

/** Listeners by key, on mitt; `report` receives their exceptions. */
export function createListeners(report: (error: unknown) => void): Listeners {
  // By the types of mitt, the default import is the namespace of the module in Deno.
  return createListenersIn((mitt as unknown as () => Registry)(), report)
}
