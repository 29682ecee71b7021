import { duplicate, duplicateCluster, isCluster } from './client-like.ts'
import type { Openable, RedisClientLike, RedisClusterConnection, RedisConnection } from './client-like.ts'
import { explain, isLate, isMisplaced, isUnknownScript, unavailable } from './errors.ts'
import { Link } from './link.ts'
import type { Script } from './scripts.ts'
import { slotOf } from './slot.ts'
import { within } from './within.ts'

export type Check = (run: (script: Script, args: readonly string[]) => Promise<unknown>) => Promise<void>

/** The connection by which a node runs its scripts, to a single Redis or to a cluster. */
export interface Commands {
  /**
   * Runs a script, on the primary that has its keys. It may be executed although the promise rejects, even much later.
   */
  run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown>
  /** The same, and calls back when the script is sent: if it never is, it is not executed either. */
  run(script: Script, keys: readonly string[], args: readonly string[], sent: () => void): Promise<unknown>
  /** Sends a command to the primary that has a key, after what was sent before. */
  send(key: string, command: readonly string[]): Promise<unknown>
  /** Resolves once there is a connection. */
  ready(): Promise<void>
  /** The primary that has a key, by its address; undefined while it is not known. */
  shardOf(key: string): string | undefined
  /** Makes a connection for pub/sub, which is not open yet, to the primary that has a key. */
  dial(key: string): Promise<RedisConnection>
  close(): void
}

export interface CommandsOptions {
  readonly client: RedisClientLike
  /** How long a call may take, in milliseconds. */
  readonly timeout: number
  /** A key for the check. */
  readonly checkKey: string
  /** Is called with every new connection. If it rejects, the connection is not used. */
  readonly check: Check
}

export function createCommands(options: CommandsOptions): Commands {
  return isCluster(options.client) ? new ClusterCommands(options) : new SingleCommands(options)
}

abstract class LinkedCommands<Connection extends Openable> {
  readonly #timeout: number
  protected readonly link: Link<Connection>

  constructor({ client, timeout, check, checkKey }: CommandsOptions, dial: () => Connection) {
    this.#timeout = timeout
    this.link = new Link({
      timeout,
      isSelfHealing: isCluster(client),
      dial: async () => dial(),
      opened: (connection) => check((script, args) => this.#evaluate(connection, script, [checkKey], args)),
      ready() {},
    })
  }

  protected abstract write(connection: Connection, key: string, args: readonly string[]): Promise<unknown>

  run(
    script: Script,
    keys: readonly string[],
    args: readonly string[],
    sent: () => void = () => {},
  ): Promise<unknown> {
    return this.#use((connection) => {
      sent()
      return this.#evaluate(connection, script, keys, args)
    })
  }

  send(key: string, command: readonly string[]): Promise<unknown> {
    return this.#use((connection) => this.write(connection, key, command))
  }

  async #use(call: (connection: Connection) => Promise<unknown>): Promise<unknown> {
    const until = performance.now() + this.#timeout
    const connection = await this.link.ready(this.#timeout)
    try {
      return await within(until - performance.now(), call(connection))
    } catch (error) {
      if (isLate(error) || isMisplaced(error)) this.link.renew(connection, error)
      throw explain(error)
    }
  }

  async ready(): Promise<void> {
    await this.link.ready(this.#timeout)
  }

  close(): void {
    this.link.close()
  }

  async #evaluate(
    connection: Connection,
    { text, hash }: Script,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args]
    try {
      return await this.write(connection, keys[0]!, ['EVALSHA', hash, ...rest])
    } catch (error) {
      if (!isUnknownScript(error)) throw error
      return await this.write(connection, keys[0]!, ['EVAL', text, ...rest])
    }
  }
}

class SingleCommands extends LinkedCommands<RedisConnection> implements Commands {
  readonly #client: RedisClientLike

  constructor(options: CommandsOptions) {
    super(options, () => duplicate(options.client))
    this.#client = options.client
  }

  shardOf(): string {
    return ''
  }

  async dial(): Promise<RedisConnection> {
    return duplicate(this.#client)
  }

  protected write(connection: RedisConnection, _: string, args: readonly string[]): Promise<unknown> {
    return connection.sendCommand(args)
  }
}

class ClusterCommands extends LinkedCommands<RedisClusterConnection> implements Commands {
  readonly #timeout: number

  constructor(options: CommandsOptions) {
    super(options, () => duplicateCluster(options.client))
    this.#timeout = options.timeout
  }

  shardOf(key: string): string | undefined {
    return this.link.current?.slots[slotOf(key)]?.master.address
  }

  async dial(key: string): Promise<RedisConnection> {
    const cluster = await this.link.ready(this.#timeout)
    try {
      return duplicate(await cluster.getNodeClientForKey(key, false))
    } catch (error) {
      throw unavailable(error)
    }
  }

  protected write(
    connection: RedisClusterConnection,
    key: string,
    args: readonly string[],
  ): Promise<unknown> {
    return connection.sendCommand(key, false, args)
  }
}
