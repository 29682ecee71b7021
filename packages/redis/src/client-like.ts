/**
 * A client of node-redis (`createClient` or `createCluster`), of which only the options are used: the broker makes connections of
 * its own like it, and leaves it alone.
 */
export interface RedisClientLike {
  duplicate(overrides?: object): unknown
}

/** Something of node-redis that is opened and destroyed. */
export interface Openable {
  on(event: string, listener: (...what: unknown[]) => void): unknown
  connect(): Promise<unknown>
  destroy(): void
}

/** A connection of node-redis, as far as the broker uses it. */
export interface RedisConnection extends Openable, RedisClientLike {
  readonly options?: { readonly socket?: object }
  sendCommand(args: readonly string[]): Promise<unknown>
  sSubscribe(channel: string, listener: OnMessage): Promise<void>
  sUnsubscribe(channel: string, listener: OnMessage): Promise<void>
}

/** A cluster of node-redis, as far as the broker uses it. */
export interface RedisClusterConnection extends Openable {
  readonly slots: readonly ({ readonly master: { readonly address: string } } | undefined)[]
  sendCommand(firstKey: string, isReadonly: boolean, args: readonly string[]): Promise<unknown>
  getNodeClientForKey(key: string, isReadonly: boolean): Promise<RedisConnection>
}

export type OnMessage = (message: string, channel: string) => void

export function isCluster(client: RedisClientLike): boolean {
  return 'getNodeClientForKey' in client
}

/**
 * Makes a connection like that of the application. Nothing is queued while it is away, because a command that was given up would
 * be executed later; and it does not connect again, because its user must be notified.
 */
export function duplicate(client: RedisClientLike): RedisConnection {
  const { socket } = (client as Partial<RedisConnection>).options ?? {}
  return client.duplicate({
    ...plain,
    disableOfflineQueue: true,
    readonly: false,
    emitInvalidate: false,
    socket: { ...socket, reconnectStrategy: false },
  }) as RedisConnection
}

/** Makes a cluster like that of the application, which connects to a node when it is needed. */
export function duplicateCluster(client: RedisClientLike): RedisClusterConnection {
  const overrides = { ...plain, minimizeConnections: true, useReplicas: false }
  return client.duplicate(overrides) as RedisClusterConnection
}

/** Answers are as Redis gives them, and keys are the ones of the broker. */
const plain = { clientSideCache: undefined, commandOptions: {}, keyPrefix: undefined }
