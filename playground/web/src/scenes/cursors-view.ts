import type { Point } from '../../../scenes-contract.ts'
import { find, make } from '../dom.ts'
import { shareCursor } from './cursors.ts'
import type { ScenesClient } from './types.ts'

const mostCursors = 50
const keyStep = 0.04

/** An area on which each viewer has a cursor, moved by pointer or by arrow keys. */
export function createCursorsScene(client: ScenesClient): void {
  const area = find('cursors', HTMLElement)
  const cursors = new Map<string, HTMLElement>()
  const own = make('span', 'cursor own-cursor', 'You')
  let at: Point = { x: 0.5, y: 0.5 }

  const place = (element: HTMLElement, { x, y }: Point): void => {
    element.style.insetInlineStart = `${x * 100}%`
    element.style.top = `${y * 100}%`
  }
  const remove = ({ id }: { readonly id: string }): void => {
    cursors.get(id)?.remove()
    cursors.delete(id)
  }
  const share = shareCursor(client, {
    show({ id, ...point }) {
      const cursor = cursors.get(id) ?? make('span', 'cursor', `Guest ${id}`)
      if (!cursors.has(id) && cursors.size >= mostCursors) return
      cursors.set(id, cursor)
      place(cursor, point)
      if (!cursor.isConnected) area.append(cursor)
    },
    remove,
    clear: () => [...cursors.keys()].forEach((id) => remove({ id })),
  })

  const move = (x: number, y: number): void => {
    at = { x: clamp(x), y: clamp(y) }
    place(own, at)
    share(at)
  }
  area.append(own)
  place(own, at)
  area.addEventListener('pointermove', ({ offsetX, offsetY }) =>
    move(offsetX / area.clientWidth, offsetY / area.clientHeight),
  )
  area.addEventListener('keydown', (event) => {
    const steps: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-keyStep, 0],
      ArrowRight: [keyStep, 0],
      ArrowUp: [0, -keyStep],
      ArrowDown: [0, keyStep],
    }
    const step = steps[event.key]
    if (!step) return
    event.preventDefault()
    move(at.x + step[0], at.y + step[1])
  })
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share))
}
