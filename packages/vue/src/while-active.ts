import {
  getCurrentInstance,
  getCurrentScope,
  onActivated,
  onBeforeMount,
  onDeactivated,
  onScopeDispose,
} from 'vue'

declare const window: unknown

/**
 * Runs a function, and what it returns at the end of the scope.
 *
 * In a component, the function runs before the component mounts, so never on a server, and anew whenever `KeepAlive`
 * activates the component; a component that `KeepAlive` deactivates has ended. In another scope, the function runs at
 * once, in browsers only.
 */
export function whileActive(start: () => () => void): void {
  let stop: (() => void) | undefined
  const begin = (): void => {
    stop ??= start()
  }
  const end = (): void => {
    stop?.()
    stop = undefined
  }
  if (getCurrentInstance()) {
    onBeforeMount(begin)
    onActivated(begin)
    onDeactivated(end)
  } else if (typeof window !== 'undefined') begin()
  if (getCurrentScope()) onScopeDispose(end)
}
