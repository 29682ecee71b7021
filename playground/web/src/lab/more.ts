import { find } from '../dom.ts'
import { createInspector } from '../inspector/inspector.ts'
import type { Network } from '../network.ts'
import { createRooms } from '../rooms/rooms.ts'
import { createScenes } from '../scenes/scenes.ts'
import { createTabs } from './tabs.ts'

/** Rooms and scenes, folded. Their clients connect when they are first shown. */
export function createMore(page: string, network: Network, name: () => string): void {
  const scenes = createScenes(page, network.WebSocket)
  const rooms = createRooms(page, network.WebSocket, name)
  const fold = find('more', HTMLDetailsElement)
  const roomsPanel = find('panel-rooms', HTMLElement)
  const scenesInspector = find('scenes-inspector', HTMLElement)
  let shown = roomsPanel

  const connect = (): void => {
    const isScene = shown !== roomsPanel
    scenesInspector.hidden = !isScene
    const client = isScene ? scenes : rooms
    if (fold.open && client.state.status === 'idle') void client.connect()
  }
  createInspector(scenes, scenesInspector, { title: 'Connection of the scenes', isOpen: false })
  createTabs(find('tabs', HTMLElement), (panel) => {
    shown = panel
    connect()
  })
  fold.addEventListener('toggle', connect)
}
