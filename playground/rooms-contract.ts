/** The messages of the rooms, which are channels, and of the figures of their server. */
export interface Rooms {
  /** The name of the visitor, which differs from the requested one if another visitor has it. Once per session. */
  readonly toClient: { readonly welcome: { readonly name: string } }
  readonly toServer: { stats(): RoomsStats }
  readonly channels: { readonly room: { readonly message: RoomMessage } }
  readonly presence: { readonly room: RoomMember }
}

export interface RoomMessage {
  readonly from: string
  readonly text: string
}

export interface RoomMember {
  readonly name: string
  readonly isTyping: boolean
}

/** Some figures of the hub. */
export interface RoomsStats {
  readonly connections: number
  readonly sessions: number
  readonly channels: number
  readonly subscriptions: number
  readonly receivedMessages: number
  readonly sentBytes: number
}

export const roomNames = ['Kelp', 'Reef', 'Tide'] as const

/** How many earlier messages a page gets that joins a room, and how many a room keeps. */
export const roomHistory = { rewind: 20, maxMessages: 40 } as const
