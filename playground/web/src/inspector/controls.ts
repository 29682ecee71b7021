import { make } from '../dom.ts'
import type { Filter } from './history.ts'

/** The controls of an inspector. */
export interface Controls {
  readonly element: HTMLElement
  readonly filter: Filter
  readonly isPaused: boolean
}

export function createControls(
  id: string,
  on: { filtered(): void; paused(): void; cleared(): void },
): Controls {
  const text = make('input', '')
  text.type = 'search'
  text.id = `${id}-text`
  text.placeholder = 'Name or payload'
  const direction = make('select', '')
  direction.id = `${id}-direction`
  const options = { all: 'All', in: 'In', out: 'Out', invalid: 'Invalid' } as const
  for (const [value, title] of Object.entries(options)) direction.add(new Option(title, value))
  const pause = make('button', '', 'Pause')
  pause.type = 'button'
  pause.ariaPressed = 'false'
  const clear = make('button', '', 'Clear')
  clear.type = 'button'

  text.addEventListener('input', on.filtered)
  direction.addEventListener('input', on.filtered)
  clear.addEventListener('click', on.cleared)
  pause.addEventListener('click', () => {
    pause.ariaPressed = String(pause.ariaPressed !== 'true')
    on.paused()
  })

  return {
    element: make(
      'div',
      'controls',
      label('Filter', text),
      label('Direction', direction),
      make('div', 'control-buttons', pause, clear),
    ),
    get filter() {
      return { text: text.value, direction: direction.value as Filter['direction'] }
    },
    get isPaused() {
      return pause.ariaPressed === 'true'
    },
  }
}

function label(title: string, field: HTMLInputElement | HTMLSelectElement): HTMLElement {
  const element = make('label', '', title)
  element.htmlFor = field.id
  return make('div', 'field', element, field)
}
