import { toValue, watch } from 'vue'
import type { MaybeRefOrGetter } from 'vue'
import { whileActive } from './while-active.ts'

/**
 * Opens what has a name, while the scope is active, and closes it with the function that `open` returns. A new name
 * replaces the old one at once, so no handler receives what belongs to the old one.
 */
export function follow(name: MaybeRefOrGetter<string>, open: (name: string) => () => void): void {
  whileActive(() =>
    watch(
      () => toValue(name),
      (current, _, onCleanup) => onCleanup(open(current)),
      { immediate: true, flush: 'sync' },
    ),
  )
}
