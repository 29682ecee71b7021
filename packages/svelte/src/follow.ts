import { onMount } from 'svelte'
import { toStore } from 'svelte/store'

/** A name, or a function that returns it, which follows what the function reads. */
export type NameOrGetter<Name extends string> = Name | (() => Name)

/**
 * Opens what has a name while the component is mounted, and closes it with the function that `open` returns. A new name
 * replaces the old one.
 */
export function follow(name: NameOrGetter<string>, open: (name: string) => () => void): void {
  const names = typeof name === 'function' ? toStore(name) : undefined
  onMount(() => {
    if (!names) return open(name as string)
    let close: (() => void) | undefined
    const stop = names.subscribe((current) => {
      close?.()
      close = open(current)
    })
    return () => {
      stop()
      close?.()
    }
  })
}

export function nameOf(name: NameOrGetter<string>): string {
  return typeof name === 'function' ? name() : name
}
