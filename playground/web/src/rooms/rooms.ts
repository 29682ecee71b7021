import { createClient, session, type SocketConstructor } from 'holdfast'
import type { Rooms } from '../../../rooms-contract.ts'
import { find } from '../dom.ts'
import { createFigures } from './figures-view.ts'
import { createRoomView } from './room-view.ts'
import type { RoomsClient } from './types.ts'

/** The source code that runs, unchanged. */
const codes = import.meta.glob<string>('./room.ts', { query: '?raw', import: 'default', eager: true })

/** The rooms, with a client of their own, which connects when they are first shown. */
export function createRooms(page: string, WebSocket: SocketConstructor, name: () => string): RoomsClient {
  // The server compares it with the author of each message, and appends a number if another visitor has it.
  let own: string | undefined
  const client = createClient<Rooms>({
    url: `/rooms?page=${page}`,
    WebSocket,
    wire: session(),
    token: () => (own ??= name()),
  })
  client.on('welcome', (self) => (own = self.name))
  // Otherwise the visitor would stay in the room, and a reloaded page would be another visitor.
  window.addEventListener('pagehide', ({ persisted }) => persisted || void client.disconnect())
  createRoomView(client, () => own ?? name())
  createFigures(client)
  find('rooms-code', HTMLElement).textContent = Object.values(codes).join('')
  return client
}
