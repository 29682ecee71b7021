export { createChannelStore } from './channel-store.ts'
export type { ChannelPart, ChannelStore, ChannelTarget } from './channel-store.ts'
export { hold } from './hold.ts'
export { idle, joining, nobody, nothingPending } from './initial.ts'
export { channelPart, presencePart } from './parts.ts'
export { createRequestStore, idleRequest } from './request-store.ts'
export type { RequestState, RequestStore } from './request-store.ts'
export { createSubscription } from './subscription.ts'
export type { Subscription, Target } from './subscription.ts'
export type {
  ChannelFunctions,
  ConnectionLike,
  EventHandler,
  InputArguments,
  NamesOf,
  UseChannelOptions,
  UseRequestOptions,
} from './types.ts'
