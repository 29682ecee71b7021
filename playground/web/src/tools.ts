import { find } from './dom.ts'
import { createInspector } from './inspector/inspector.ts'
import type { ChatClient } from './client.ts'
import type { Network } from './network.ts'
import { createScenes } from './scenes/scenes.ts'
import { createSwitches } from './switches.ts'
import { createTabs } from './tabs.ts'

/** The tools beside the chat: the switches, the inspector and the scenes. */
export function createTools(client: ChatClient, network: Network, page: string): void {
  const scenes = createScenes(page, network.WebSocket)
  const scenesInspector = find('scenes-inspector', HTMLElement)
  const inspectorPanel = find('panel-inspector', HTMLElement)

  createSwitches(client, network, page)
  createInspector(client, inspectorPanel)
  createInspector(scenes, scenesInspector, { title: 'Connection of the scenes', isOpen: false })
  createTabs(find('tabs', HTMLElement), (panel) => {
    const isScene = panel !== inspectorPanel
    scenesInspector.hidden = !isScene
    if (isScene && scenes.state.status === 'idle') void scenes.connect()
  })
}
