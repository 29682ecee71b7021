import type { ChannelState, PresenceState } from 'holdfast'
import type { ChannelPart } from './channel-store.ts'
import { joining, nobody } from './initial.ts'

/** What `useChannel` shows. */
export const channelPart: ChannelPart<ChannelState> = {
  initial: joining,
  isInitial: ({ status, reason }) => status === 'joining' && reason === undefined,
  of: (handle) => handle,
}

/** What `usePresence` shows. */
export const presencePart: ChannelPart<PresenceState> = {
  initial: nobody,
  isInitial: ({ members, isKnown }) => members.length === 0 && !isKnown,
  of: (handle) => handle.presence,
}
