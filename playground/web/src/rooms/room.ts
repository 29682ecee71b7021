import { channel } from 'holdfast'
import type { RoomsClient, RoomView } from './types.ts'

/** Enters a room. The first messages are its history; what is missed later is recovered, or reported as a gap. */
export function enterRoom(client: RoomsClient, id: string, view: RoomView) {
  const room = channel(client, `room:${id}`)
  room.on('message', view.message)
  room.watch('recovered', ({ count }) => view.notice(`${count} missed messages recovered.`))
  room.watch('gap', ({ missed }) =>
    view.notice(`A gap: ${missed ?? 'an unknown number of'} messages are missing here.`),
  )
  room.subscribe(() => view.state(room.state))
  room.presence.subscribe(() => view.members(room.presence.state.members))
  return room
}
