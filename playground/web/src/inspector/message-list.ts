import { make } from '../dom.ts'
import { trim, type Entry } from './history.ts'
import { createRow, type Row } from './row.ts'

/** A list of any length; the page contains only the visible rows. */
export interface MessageList {
  readonly element: HTMLElement
  /** Whether it is laid out; a hidden part of the page is not. */
  readonly isVisible: boolean
  reset(entries: readonly Entry[]): void
  append(entries: readonly Entry[]): void
  /** Updates the page. Call it once a frame at most: it reads the layout, then changes it. */
  render(): void
  dispose(): void
}

const rowHeight = 26

export function createMessageList(
  id: string,
  {
    capacity,
    changed,
    selected,
  }: {
    readonly capacity: number
    /** Marks the list as changed. */
    changed(): void
    selected(entry: Entry | undefined): void
  },
): MessageList {
  const space = make('div', 'space')
  const element = make('div', 'messages', space)
  element.tabIndex = 0
  element.role = 'listbox'
  element.ariaLabel = 'Messages'
  const shown: Entry[] = []
  const rows: Row[] = []
  let follows = true
  let selection: Entry | undefined
  // The last rendered values, so that a frame without changes does not touch the page.
  let height = 0
  let top = 0

  const select = (entry: Entry | undefined): void => {
    selection = entry
    selected(entry)
    changed()
  }

  const moveTo = (index: number): void => {
    const target = Math.max(0, Math.min(shown.length - 1, index))
    select(shown[target])
    follows = target === shown.length - 1
    const above = target * rowHeight
    if (above < top) top = above
    else if (above + rowHeight > top + height) top = above + rowHeight - height
    element.scrollTop = top
  }

  element.addEventListener('scroll', () => {
    top = element.scrollTop
    follows = top + height >= shown.length * rowHeight - rowHeight
    changed()
  })
  element.addEventListener('click', ({ target }) => {
    const index = rows.findIndex((row) => row.element.contains(target as Node))
    if (index >= 0) select(shown[firstRow() + index])
  })
  element.addEventListener('keydown', (event) => {
    const { key } = event
    const current = selection ? shown.indexOf(selection) : shown.length
    const page = Math.max(1, Math.floor(height / rowHeight) - 1)
    const targets: Readonly<Record<string, number>> = {
      ArrowUp: current - 1,
      ArrowDown: current + 1,
      PageUp: current - page,
      PageDown: current + page,
      Home: 0,
      End: shown.length - 1,
    }
    const target = targets[key]
    if (target === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    moveTo(target)
  })
  const observer = new ResizeObserver(([entry]) => {
    height = entry?.contentRect.height ?? 0
    changed()
  })
  observer.observe(element)

  const firstRow = (): number => Math.max(0, Math.floor(top / rowHeight))

  return {
    element,
    get isVisible() {
      return height > 0
    },
    dispose: () => observer.disconnect(),
    reset(entries) {
      shown.length = 0
      shown.push(...entries)
      follows = true
      if (selection && !shown.includes(selection)) select(undefined)
    },
    append(entries) {
      shown.push(...entries)
      const dropped = trim(shown, capacity)
      if (!follows) top = Math.max(0, top - dropped * rowHeight)
    },
    render() {
      const bottom = Math.max(0, shown.length * rowHeight - height)
      if (follows || top > bottom) top = bottom
      const first = firstRow()
      const count = Math.min(shown.length - first, Math.ceil(height / rowHeight) + 1)
      while (rows.length < count) {
        const row = createRow(`${id}-row-${rows.length}`)
        rows.push(row)
        space.append(row.element)
      }
      let active = ''
      for (const [index, row] of rows.entries()) {
        const entry = index < count ? shown[first + index] : undefined
        row.element.hidden = !entry
        if (!entry) continue
        row.element.style.transform = `translateY(${(first + index) * rowHeight}px)`
        row.show(entry, { index: first + index, count: shown.length, isSelected: entry === selection })
        if (entry === selection) active = row.element.id
      }
      space.style.height = `${shown.length * rowHeight}px`
      if (active) element.setAttribute('aria-activedescendant', active)
      else element.removeAttribute('aria-activedescendant')
      // Last, because it waits for the layout of the above.
      if (element.scrollTop !== top) element.scrollTop = top
    },
  }
}
