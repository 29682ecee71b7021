import type { ChannelState, Client, Member } from 'holdfast'
import type { RoomMember, RoomMessage, Rooms } from '../../../rooms-contract.ts'

export type RoomsClient = Client<Rooms>

/** Shows a room. */
export interface RoomView {
  message(message: RoomMessage): void
  notice(text: string): void
  state(state: ChannelState): void
  members(members: readonly Member<RoomMember>[]): void
}
