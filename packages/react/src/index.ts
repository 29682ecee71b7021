'use client'

export { HoldfastProvider, useClient } from './provider.ts'
export type { HoldfastProviderProps } from './provider.ts'
export type { ConnectionLike, EventHandler, Register, RegisteredContract } from './types.ts'
export { useConnection } from './use-connection.ts'
export { useEvent } from './use-event.ts'
