import { hold } from '@holdfast/bindings'
import type { Client } from 'holdfast'
import { getContext, onMount, setContext } from 'svelte'
import type { RegisteredContract } from './types.ts'

export interface ProvideOptions {
  /**
   * Whether to connect while the component is mounted.
   *
   * The client connects when the component mounts, so never on a server, and disconnects 1 s after the last component
   * that provides it has unmounted, so that hot reload and a change of routes keep the same socket. The queue of the
   * client is kept. After `client.disconnect()` it does not connect again until such a component mounts. Without
   * `connect`, the application calls `client.connect()`.
   *
   * @default false
   */
  readonly connect?: boolean
}

/** Registered, because a program may have two copies of the package. */
const clientKey: symbol = /* @__PURE__ */ Symbol.for('@holdfast/svelte')

/**
 * Provides a client to the component and those below it, while the component is set up.
 *
 * @example
 * provideClient(client, { connect: true })
 */
export function provideClient<C>(client: Client<C>, { connect = false }: ProvideOptions = {}): void {
  setContext(clientKey, client)
  if (connect) onMount(() => hold(client as Client))
}

/**
 * Returns the client of the nearest component that provides one, while a component is set up.
 *
 * Its contract is the one in {@link Register}, or else the type argument, which is not checked.
 *
 * @throws {Error} when there is none
 */
export function useClient<C = RegisteredContract>(): Client<C> {
  return useNearest<Client<C>>(undefined) as Client<C>
}

/** Returns the given client, or else the one that is provided. */
export function useNearest<T>(given: T | undefined): T | Client {
  const client = given ?? getContext<Client | undefined>(clientKey)
  if (!client)
    throw new Error('no client: call provideClient(client) in a component above, or pass the client')
  return client
}
