import { find } from './dom.ts'
import { createInspector } from './inspector/inspector.ts'
import type { ChatClient } from './client.ts'
import type { Network } from './network.ts'
import { createRooms } from './rooms/rooms.ts'
import { createScenes } from './scenes/scenes.ts'
import { createSwitches } from './switches.ts'
import { createTabs } from './tabs.ts'

/** The tools beside the chat: the switches, the inspector and the scenes. */
export function createTools(client: ChatClient, network: Network, page: string, name: () => string): void {
  const scenes = createScenes(page, network.WebSocket)
  const rooms = createRooms(page, network.WebSocket, name)
  const roomsPanel = find('panel-rooms', HTMLElement)
  const scenesInspector = find('scenes-inspector', HTMLElement)
  const inspectorPanel = find('panel-inspector', HTMLElement)

  createSwitches(client, network, page)
  createInspector(client, inspectorPanel)
  createInspector(scenes, scenesInspector, { title: 'Connection of the scenes', isOpen: false })
  createTabs(find('tabs', HTMLElement), (panel) => {
    if (panel === roomsPanel && rooms.state.status === 'idle') void rooms.connect()
    const isScene = panel !== inspectorPanel && panel !== roomsPanel
    scenesInspector.hidden = !isScene
    if (isScene && scenes.state.status === 'idle') void scenes.connect()
  })
}
