import type { ReactElement } from 'react'
import { flushSync } from 'react-dom'
import { createRoot } from 'react-dom/client'
import { onTestFinished } from 'vitest'

/** A root of React in the page. */
export interface Mounted {
  readonly container: HTMLElement
  /** Returns when the element is in the page and its effects have run. */
  render(element: ReactElement): void
  unmount(): void
}

/** Renders an element into the page, until the test is over at the latest. */
export function mount(element: ReactElement): Mounted {
  const container = document.createElement('div')
  document.body.append(container)
  const root = createRoot(container)
  const render = (next: ReactElement): void => flushSync(() => root.render(next))
  const unmount = (): void => {
    root.unmount()
    container.remove()
  }
  onTestFinished(unmount)
  render(element)
  return { container, render, unmount }
}
