import { flushSync, mount, unmount } from 'svelte'
import type { Component } from 'svelte'
import { onTestFinished } from 'vitest'
import Frame from '../browser/svelte/Frame.svelte'

/** What a component does while it is set up. Returns what it shows. The name is one that the test can change. */
export type Setup = (name: () => string) => (() => unknown) | void

/** A component of Svelte in the page. */
export interface MountedSvelte {
  readonly container: HTMLElement
  /** Returns when the page shows it. */
  set(next: { readonly isShown?: boolean; readonly key?: number; readonly name?: string }): void
  unmount(): void
}

/** Mounts a component that runs a setup, and another in it, until the test is over at the latest. */
export function mountSvelte(setup: Setup, how: { inner?: Setup; duration?: number } = {}): MountedSvelte {
  const mounted = mountComponent(Frame, { setup, ...how })
  const { set } = mounted.exports as Pick<MountedSvelte, 'set'>
  return { ...mounted, set: (next) => flushSync(() => set(next)) }
}

export function mountComponent(
  component: Component<Record<string, unknown>>,
  props: Record<string, unknown>,
) {
  const container = document.createElement('div')
  document.body.append(container)
  const exports: unknown = mount(component, { target: container, props })
  flushSync()
  let isMounted = true
  const end = (): void => {
    if (isMounted) void unmount(exports as Record<string, unknown>)
    isMounted = false
    flushSync()
    container.remove()
  }
  onTestFinished(end)
  return { container, exports, unmount: end }
}
