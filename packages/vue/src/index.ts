export type {
  ConnectionLike,
  EventHandler,
  InputArguments,
  NamesOf,
  RequestState,
  UseChannelOptions,
  UseRequestOptions,
} from '@holdfast/bindings'
export { holdfast, provideClient, useClient } from './provide-client.ts'
export type { HoldfastPluginOptions, ProvideOptions } from './provide-client.ts'
export type { Register, RegisteredClient, RegisteredContract } from './types.ts'
export { useChannel } from './use-channel.ts'
export type { UsedChannel } from './use-channel.ts'
export { useConnection } from './use-connection.ts'
export { useCountdown } from './use-countdown.ts'
export { useEvent } from './use-event.ts'
export { usePending } from './use-pending.ts'
export { usePresence } from './use-presence.ts'
export type { UsedPresence } from './use-presence.ts'
export { useRequest } from './use-request.ts'
export type { UsedRequest } from './use-request.ts'
