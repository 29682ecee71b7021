import type { ClientState } from 'holdfast'
import { make } from '../dom.ts'
import { describeCause, describeStatus } from '../status-text.ts'
import { formatTime } from './row.ts'

const mostEntries = 100

/** The states that a connection went through, the newest first, each with its cause and how long it lasted. */
export interface Timeline {
  readonly element: HTMLElement
  add(state: ClientState, at: number): void
  render(): void
  clear(): void
}

export function createTimeline(): Timeline {
  const list = make('ol', 'timeline')
  list.tabIndex = 0
  list.ariaLabel = 'States, the newest first'
  const added: { readonly state: ClientState; readonly at: number }[] = []
  let last: { readonly at: number; readonly duration: HTMLElement } | undefined

  return {
    element: list,
    add(state, at) {
      added.push({ state, at })
      if (added.length > 2 * mostEntries) added.splice(0, mostEntries)
    },
    render() {
      for (const { state, at } of added.splice(0)) {
        if (last) last.duration.textContent = formatDuration(at - last.at)
        const duration = make('span', 'timeline-duration')
        list.prepend(timelineEntry(state, at, duration))
        last = { at, duration }
      }
      while (list.childElementCount > mostEntries) list.lastElementChild?.remove()
    },
    clear() {
      added.length = 0
      // The state that lasts stays.
      list.replaceChildren(...[...list.children].slice(0, 1))
    },
  }
}

function timelineEntry(state: ClientState, at: number, duration: HTMLElement): HTMLElement {
  // An attempt still carries the cause of the one before it.
  const why = state.status === 'connecting' ? '' : describeCause(state.cause)
  const cause = make('span', 'timeline-cause', why)
  const title = make('span', 'timeline-status', describeStatus(state))
  const entry = make('li', '', make('span', 'row-time', formatTime(at)), title, cause, duration)
  entry.dataset['status'] = state.status
  return entry
}

function formatDuration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`
  const seconds = milliseconds / 1_000
  return seconds < 100 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds / 60)} min`
}
