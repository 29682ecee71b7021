/**
 * A client of node-redis (`createClient` or `createCluster`), of which only the options are used: the broker makes connections of
 * its own like it, and leaves it alone.
 */
export interface RedisClientLike {
  duplicate(overrides?: object): unknown
}

/** A connection of node-redis, as far as the broker uses it. */
export interface RedisConnection {
  readonly options?: { readonly socket?: object }
  on(event: string, listener: (...what: unknown[]) => void): unknown
  connect(): Promise<unknown>
  destroy(): void
  sendCommand(args: readonly string[]): Promise<unknown>
  sSubscribe(channel: string, listener: OnMessage): Promise<void>
  sUnsubscribe(channel: string, listener: OnMessage): Promise<void>
}

/** A cluster of node-redis, as far as the broker uses it. */
export interface RedisClusterConnection {
  readonly isOpen: boolean
  on(event: string, listener: (...what: unknown[]) => void): unknown
  connect(): Promise<unknown>
  destroy(): void
  sendCommand(firstKey: string, isReadonly: boolean, args: readonly string[]): Promise<unknown>
  getNodeClientForKey(key: string, isReadonly: boolean): Promise<RedisClientLike & RedisConnection>
}

export type OnMessage = (message: string, channel: string) => void

export function isCluster(client: RedisClientLike): boolean {
  return 'getNodeClientForKey' in client
}

/**
 * Makes a connection like that of the application. Nothing is queued while it is away, because a command that was given up would
 * be executed later; and it does not connect again, because whoever uses it must know.
 */
export function duplicate(client: RedisClientLike): RedisConnection {
  const { socket } = (client as Partial<RedisConnection>).options ?? {}
  return client.duplicate({
    disableOfflineQueue: true,
    readonly: false,
    clientSideCache: undefined,
    emitInvalidate: false,
    commandOptions: {},
    socket: { ...socket, reconnectStrategy: false },
  }) as RedisConnection
}
