import { onTestFinished } from 'vitest'
import { createApp, nextTick, shallowRef } from 'vue'
import type { App, Component, VNode } from 'vue'

/** An application of Vue in the page. */
export interface MountedVue {
  readonly app: App
  readonly container: HTMLElement
  /** Resolves when the page shows what the function renders. */
  render(next: () => VNode | string | null): Promise<void>
  unmount(): void
}

/** Mounts a component, or what a function renders, into the page, until the test is over at the latest. */
export function mountVue(
  root: Component | (() => VNode | string | null),
  configure: (app: App) => void = () => {},
): MountedVue {
  const container = document.createElement('div')
  document.body.append(container)
  const shown = shallowRef(root as () => VNode | string | null)
  const app = createApp(typeof root === 'function' ? { render: () => shown.value() } : root)
  configure(app)
  let isMounted = true
  const unmount = (): void => {
    if (isMounted) app.unmount()
    isMounted = false
    container.remove()
  }
  onTestFinished(unmount)
  app.mount(container)
  return {
    app,
    container,
    async render(next) {
      shown.value = next
      await nextTick()
    },
    unmount,
  }
}
