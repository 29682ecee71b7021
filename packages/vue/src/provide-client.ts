import { hold } from '@holdfast/bindings'
import type { Client } from 'holdfast'
import { hasInjectionContext, inject, provide } from 'vue'
import type { App, InjectionKey } from 'vue'
import type { RegisteredClient, RegisteredContract } from './types.ts'
import { whileActive } from './while-active.ts'

declare const window: unknown

export interface ProvideOptions {
  /**
   * Whether to connect while the component is mounted, or the application with the plugin.
   *
   * The client connects in browsers only, and disconnects 1 s after the last provider has ended, so that hot reload and
   * a change of routes keep the same socket. The queue of the client is kept. After `client.disconnect()` it does not
   * connect again until a provider mounts. Without `connect`, the application calls `client.connect()`.
   *
   * @default false
   */
  readonly connect?: boolean
}

export interface HoldfastPluginOptions extends ProvideOptions {
  /** The client, created once, outside of any component. The application owns it: nothing here disposes of it. */
  readonly client: RegisteredClient
}

/** Registered, because a program may have two copies of the package. */
const clientKey: InjectionKey<Client> = /* @__PURE__ */ Symbol.for('@holdfast/vue')

/**
 * The plugin that provides a client to a whole application.
 *
 * @example
 * createApp(App).use(holdfast, { client, connect: true }).mount('#app')
 */
export const holdfast: { install(app: App, options: HoldfastPluginOptions): void } = {
  install(app, { client, connect = false }) {
    app.provide(clientKey, client)
    if (connect && typeof window !== 'undefined') app.onUnmount(hold(client))
  },
}

/**
 * Provides a client to the components below this one.
 *
 * @example
 * provideClient(client, { connect: true })
 */
export function provideClient<C>(client: Client<C>, { connect = false }: ProvideOptions = {}): void {
  provide(clientKey, client as Client)
  if (connect) whileActive(() => hold(client as Client))
}

/**
 * Returns the client of the plugin, or of the nearest component that provides one.
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
  const client = given ?? (hasInjectionContext() ? inject(clientKey, undefined) : undefined)
  if (!client) throw new Error('no client: call app.use(holdfast, { client }), or pass the client')
  return client
}
