import type { Point } from '../../../scenes-contract.ts'
import type { CursorArea, ScenesClient } from './types.ts'

type Move = (to: Point) => void

/** Shows the cursors of others, and sends ours: at once or not at all. */
export function shareCursor(client: ScenesClient, area: CursorArea): Move {
  client.on('cursor', area.show)
  client.on('gone', area.remove)
  client.watch('down', area.clear)
  return (to) => void client.send('cursor', to, { volatile: true })
}
