import { make, setText } from '../dom.ts'
import type { Entry } from './history.ts'

const timeFormat = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })
const longestPreview = 160

const directions = { in: 'In', out: 'Out', invalid: 'Invalid' } as const

/** The position of a message in the filtered list. */
export interface Place {
  readonly index: number
  readonly count: number
  readonly isSelected: boolean
}

/** A line of the list, which shows different messages as the list scrolls. */
export interface Row {
  readonly element: HTMLElement
  show(entry: Entry, place: Place): void
}

export function createRow(id: string): Row {
  const time = make('span', 'row-time')
  const direction = make('span', 'row-direction')
  const name = make('bdi', 'row-name')
  const payload = make('bdi', 'row-payload')
  const outcome = make('span', 'row-outcome')
  const element = make('div', 'row', time, direction, name, payload, outcome)
  element.id = id
  element.role = 'option'

  return {
    element,
    show(entry, { index, count, isSelected }) {
      const { status = '', reason } =
        entry.outcome?.() ?? (entry.direction === 'out' ? { status: 'waits' } : {})
      element.dataset['direction'] = entry.direction
      element.dataset['status'] = status
      element.ariaSelected = String(isSelected)
      element.ariaPosInSet = String(index + 1)
      element.ariaSetSize = String(count)
      setText(time, formatTime(entry.at))
      setText(direction, directions[entry.direction])
      setText(name, entry.name ?? '(raw)')
      setText(payload, entry.payload.slice(0, longestPreview))
      setText(outcome, reason ? `${status}: ${reason}` : status)
    },
  }
}

/** The time of day, to the millisecond. */
export function formatTime(at: number): string {
  return `${timeFormat.format(at)}.${String(Math.trunc(at % 1_000)).padStart(3, '0')}`
}
