import { hold } from '@holdfast/bindings'
import type { Client } from 'holdfast'
import { createContext, createElement, useContext, useEffect } from 'react'
import type { Context, ReactElement, ReactNode } from 'react'
import type { RegisteredClient, RegisteredContract } from './types.ts'

export interface HoldfastProviderProps {
  /** The client, created once, outside of any component. The application owns it: no hook disposes of it. */
  readonly client: RegisteredClient
  /**
   * Whether to connect while the provider is mounted.
   *
   * The provider connects after the first render, and disconnects 1 s after the last provider of the client has
   * unmounted, so that StrictMode, hot reload and a change of routes keep the same socket. The queue of the client is
   * kept. After `client.disconnect()` it does not connect again until a provider mounts. Without `connect`, the
   * application calls `client.connect()`.
   *
   * @default false
   */
  readonly connect?: boolean
  readonly children?: ReactNode
}

const ClientContext: Context<Client | undefined> = /* @__PURE__ */ createContext<Client | undefined>(
  undefined,
)

/**
 * Provides a client to the hooks below it.
 *
 * @example
 * <HoldfastProvider client={client} connect>
 *   <App />
 * </HoldfastProvider>
 */
export function HoldfastProvider({ client, connect, children }: HoldfastProviderProps): ReactElement {
  useEffect(() => (connect ? hold(client) : undefined), [client, connect])
  return createElement(ClientContext.Provider, { value: client }, children)
}

/**
 * Returns the client of the nearest {@link HoldfastProvider}.
 *
 * Its contract is the one in {@link Register}, or else the type argument, which is not checked.
 *
 * @throws {Error} when there is no provider
 */
export function useClient<C = RegisteredContract>(): Client<C> {
  return useNearest<Client<C>>(undefined) as Client<C>
}

/** Returns the given client, or else that of the nearest provider. */
export function useNearest<T>(given: T | undefined): T | Client {
  const nearest = useContext(ClientContext)
  const client = given ?? nearest
  if (!client) throw new Error('no client: put a <HoldfastProvider> around this, or pass the client')
  return client
}
