import type { ChannelState, ClientState, PendingMessage, PresenceState } from 'holdfast'

// What servers render, and what pages start from, so that they agree wherever the client is by then.

export const idle: ClientState = {
  status: 'idle',
  attempt: 0,
  retryAt: undefined,
  cause: undefined,
  protocol: undefined,
}

export const joining: ChannelState = { status: 'joining', reason: undefined }

export const nobody: PresenceState = { members: [], isKnown: false }

export const nothingPending: readonly PendingMessage[] = []
