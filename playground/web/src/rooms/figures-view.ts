import type { RoomsStats } from '../../../rooms-contract.ts'
import { find, setText } from '../dom.ts'
import type { RoomsClient } from './types.ts'

const interval = 1_000
const titles: Readonly<Record<keyof RoomsStats, string>> = {
  connections: 'Connections',
  sessions: 'Sessions',
  channels: 'Channels with subscribers',
  subscriptions: 'Subscriptions',
  receivedMessages: 'Messages received',
  sentBytes: 'Bytes sent',
}

/** The figures of the server, `hub.stats()`, asked for once a second while they are shown. */
export function createFigures(client: RoomsClient): void {
  const table = find('rooms-figures', HTMLTableSectionElement)
  const cells = new Map(
    Object.entries(titles).map(([name, title]) => {
      const row = table.insertRow()
      row.append(Object.assign(document.createElement('th'), { scope: 'row', textContent: title }))
      return [name as keyof RoomsStats, row.insertCell()]
    }),
  )
  const refresh = async (): Promise<void> => {
    const isShown = document.visibilityState === 'visible' && table.checkVisibility()
    if (!isShown || client.state.status !== 'open') return
    const stats = await client.request('stats', undefined, { timeout: interval }).catch(() => undefined)
    if (stats) for (const [name, cell] of cells) setText(cell, stats[name].toLocaleString('en'))
  }
  setInterval(() => void refresh(), interval)
  client.watch('open', () => void refresh())
}
