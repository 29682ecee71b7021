import { getCurrentInstance, onMounted, shallowRef } from 'vue'
import type { ShallowRef } from 'vue'
import { whileActive } from './while-active.ts'

declare const window: unknown

interface Store<T> {
  readonly state: T
  subscribe(listener: () => unknown): () => void
}

interface ShownState<T> {
  readonly state: Readonly<ShallowRef<T>>
  set(value: T): void
}

/** A ref for what a component shows. While the page hydrates, it stays what the server rendered. */
export function useState<T>(initial: T): ShownState<T> {
  const state = shallowRef(initial)
  let latest = initial
  // A component that hydrates has an element before it is set up.
  let hydrates = Boolean(getCurrentInstance()?.vnode.el)
  if (hydrates)
    onMounted(() => {
      hydrates = false
      state.value = latest
    })
  return {
    state,
    set(value) {
      latest = value
      if (!hydrates) state.value = value
    },
  }
}

/** The state of a store as a ref, which is up to date while the scope is active. On a server it is the initial one. */
export function useStore<T>(store: Store<T>, initial: T): Readonly<ShallowRef<T>> {
  const { state, set } = useState(initial)
  const update = (): void => set(store.state)
  if (typeof window !== 'undefined') update()
  whileActive(() => {
    const stop = store.subscribe(update)
    update()
    return stop
  })
  return state
}
