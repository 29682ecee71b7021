import type { ClientState } from 'holdfast'
import { make } from '../dom.ts'
import { describeStatus, explainCause } from '../status-text.ts'
import { formatTime } from './row.ts'

const mostEntries = 100

/** The states of a connection, the newest first, each with its cause and duration. */
export interface Timeline {
  readonly element: HTMLElement
  /** The note explains the state where the cause does not. */
  add(state: ClientState, at: number, note?: string): void
  /** Adds an event that is not a state. */
  mark(title: string, note: string, at: number): void
  render(): void
  clear(): void
}

interface Entry {
  readonly at: number
  readonly title: string
  readonly note: string
  /** Undefined for events that are not states. */
  readonly status: ClientState['status'] | undefined
}

export function createTimeline(): Timeline {
  const list = make('ol', 'timeline')
  list.tabIndex = 0
  list.ariaLabel = 'States, the newest first'
  const added: Entry[] = []
  let last: { readonly at: number; readonly element: HTMLElement; readonly duration: HTMLElement } | undefined

  const add = (entry: Entry): void => {
    added.push(entry)
    if (added.length > 2 * mostEntries) added.splice(0, mostEntries)
  }

  return {
    element: list,
    add(state, at, note = '') {
      // An attempt still carries the cause of the one before it.
      const why = state.status === 'connecting' ? '' : explainCause(state.cause)
      add({ at, title: describeStatus(state), note: why || note, status: state.status })
    },
    mark: (title, note, at) => add({ at, title, note, status: undefined }),
    render() {
      for (const entry of added.splice(0)) {
        const duration = make('span', 'timeline-duration')
        const element = timelineEntry(entry, duration)
        list.prepend(element)
        if (!entry.status) continue
        if (last) last.duration.textContent = formatDuration(entry.at - last.at)
        last = { at: entry.at, element, duration }
      }
      while (list.childElementCount > mostEntries) list.lastElementChild?.remove()
    },
    clear() {
      added.length = 0
      // The state that lasts stays.
      list.replaceChildren(...(last ? [last.element] : []))
    },
  }
}

function timelineEntry({ at, title, note, status }: Entry, duration: HTMLElement): HTMLElement {
  const entry = make(
    'li',
    '',
    make('span', 'row-time', formatTime(at)),
    make('span', 'timeline-status', title),
    make('span', 'timeline-cause', note),
    duration,
  )
  entry.dataset['status'] = status ?? 'mark'
  return entry
}

function formatDuration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`
  const seconds = milliseconds / 1_000
  return seconds < 100 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds / 60)} min`
}
