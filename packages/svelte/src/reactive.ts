import { createSubscriber } from 'svelte/reactivity'
import type { Readable } from 'svelte/store'

declare const window: unknown

/** A value that changes: `current` in runes mode, and a store for `$` and `get()`. */
export interface Reactive<T> extends Readable<T> {
  /** The value now. Reading it in an effect or in the markup makes that depend on it. */
  readonly current: T
}

interface Store<T> {
  readonly state: T
  subscribe(listener: () => unknown): () => void
}

/** The state of a store as a reactive value, which is subscribed to only while it is used. On a server it is initial. */
export function toReactive<T>(store: Store<T>, initial: T): Reactive<T> {
  const isServer = typeof window === 'undefined'
  const read = (): T => (isServer ? initial : store.state)
  const depend = createSubscriber((update) => store.subscribe(update))
  return {
    get current() {
      depend()
      return read()
    },
    subscribe(run) {
      run(read())
      return isServer ? () => {} : store.subscribe(() => run(read()))
    },
  }
}
