import { make, setText } from '../dom.ts'

const svg = 'http://www.w3.org/2000/svg'
const width = 240
const height = 40

/** The last values of a figure, as a line. */
export interface Sparkline {
  readonly element: HTMLElement
  /** Adds a value; undefined leaves a gap. */
  add(value: number | undefined): void
  render(): void
  clear(): void
}

export function createSparkline(
  title: string,
  format: (value: number) => string,
  { length = 120 } = {},
): Sparkline {
  const values: (number | undefined)[] = []
  const path = document.createElementNS(svg, 'path')
  const image = document.createElementNS(svg, 'svg')
  image.setAttribute('viewBox', `0 0 ${width} ${height}`)
  image.setAttribute('preserveAspectRatio', 'none')
  image.setAttribute('role', 'img')
  image.append(path)
  const now = make('strong', '')
  const most = make('span', 'muted')
  const caption = make('figcaption', '', make('span', '', title), now, most)

  const render = (): void => {
    const known = values.filter((value) => value !== undefined)
    const max = Math.max(...known, 0)
    const last = values.at(-1)
    setText(now, last === undefined ? '–' : format(last))
    setText(most, known.length > 0 ? `max ${format(max)}` : '')
    const figures = [last === undefined ? 'unknown now' : `${format(last)} now`, most.textContent]
    image.setAttribute('aria-label', `${title}, the last minute: ${figures.filter(Boolean).join(', ')}`)
    path.setAttribute('d', draw(values, max, length))
  }
  render()

  return {
    element: make('figure', 'sparkline', caption, image),
    render,
    add(value) {
      values.push(value)
      if (values.length > length) values.shift()
    },
    clear() {
      values.length = 0
    },
  }
}

/** A path from the left, whose right end is the newest value. */
function draw(values: readonly (number | undefined)[], max: number, length: number): string {
  const step = width / (length - 1)
  const left = width - (values.length - 1) * step
  let isDown = false
  let path = ''
  for (const [index, value] of values.entries()) {
    if (value !== undefined) {
      const x = (left + index * step).toFixed(1)
      const y = (height - 2 - (max > 0 ? value / max : 0) * (height - 4)).toFixed(1)
      path += `${isDown ? 'L' : 'M'}${x} ${y}`
    }
    isDown = value !== undefined
  }
  return path
}
