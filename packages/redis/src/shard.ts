import type { RedisConnection } from './client-like.ts'
import type { Commands } from './commands.ts'
import { isLate, isMoved } from './errors.ts'
import type { Keys } from './keys.ts'
import { Link } from './link.ts'
import { echo } from './scripts.ts'
import { Serial } from './serial.ts'
import { within } from './within.ts'

export interface ShardHost {
  readonly commands: Commands
  readonly keys: Keys
  /** The id of the node. */
  readonly node: string
  readonly timeout: number
  message(base: string, message: string): void
  /** Something may be missing. */
  reset(): void
  /** A channel is on another shard now. */
  moved(base: string): void
  /** Redis has ended the subscription to a channel: this shard does not have it any more. */
  ended(base: string): void
}

/**
 * The pub/sub connection to one primary. It is used only after an echo: what is published by the commands of this node must arrive
 * here, because a connection may hang, or lead to a server that is not the primary any more.
 */
export class Shard {
  readonly address: string
  readonly #host: ShardHost
  readonly #link: Link<RedisConnection>
  readonly #wanted = new Set<string>()
  readonly #serial = new Serial()
  readonly #echoes = new Map<string, (run: string) => void>()
  /** A key of this shard: the first channel that was subscribed to, or another one if that has moved away. */
  #base: string
  #nonce = 0
  #run: string | undefined
  #hasBeenReady = false
  #probe: Promise<void> | undefined

  constructor(host: ShardHost, address: string, base: string) {
    this.#host = host
    this.address = address
    this.#base = base
    this.#link = new Link({
      timeout: host.timeout,
      isSelfHealing: false,
      dial: () => host.commands.dial(this.#base),
      opened: (connection) => this.#opened(connection),
      ready: () => this.#ready(),
    })
  }

  get size(): number {
    return this.#wanted.size
  }

  /** Resolves once everything that is published arrives. */
  async subscribe(base: string): Promise<void> {
    this.#wanted.add(base)
    await this.#serial.run(base, async () => {
      const connection = await this.#link.ready(this.#host.timeout)
      if (this.#wanted.has(base)) await this.#use(connection, connection.sSubscribe(base, this.#heard))
    })
  }

  unsubscribe(base: string): void {
    this.#wanted.delete(base)
    const run = async (): Promise<void> => {
      const connection = this.#link.current
      if (connection && !this.#wanted.has(base))
        await this.#use(connection, connection.sUnsubscribe(base, this.#heard))
    }
    this.#serial.run(base, run).catch(() => {
      // The connection is lost, and with it all subscriptions.
    })
  }

  /** Whether what arrives here comes from that run of Redis. If not, finds out why, and the caller has to read again. */
  async isOf(run: string): Promise<boolean> {
    const connection = await this.#link.ready(this.#host.timeout)
    if (this.#run === run) return true
    await this.#probeOnce(connection)
    return false
  }

  /** Finds out whether the connection works, and makes another one if not. */
  async probe(): Promise<void> {
    const connection = this.#link.current
    if (connection) await this.#probeOnce(connection)
    for (const base of this.#wanted) this.#checkPlace(base)
  }

  /** Makes another connection, with all subscriptions. */
  renew(cause: string): void {
    const connection = this.#link.current
    if (connection) this.#link.renew(connection, cause)
  }

  close(): void {
    this.#wanted.clear()
    this.#link.close()
  }

  readonly #heard = (message: string, base: string): void => {
    if (this.#wanted.has(base)) this.#host.message(base, message)
  }

  readonly #heardEcho = (message: string): void => {
    const [run = '', nonce = ''] = message.split(' ')
    this.#echoes.get(nonce)?.(run)
  }

  async #opened(connection: RedisConnection): Promise<void> {
    connection.on('sharded-channel-moved', (base) => this.#host.ended(String(base)))
    for (const base of this.#wanted) this.#checkPlace(base)
    const [first] = this.#wanted
    if (first !== undefined) this.#base = first
    const { keys, node } = this.#host
    const all = [connection.sSubscribe(keys.echo(this.#base, node), this.#heardEcho)]
    for (const base of this.#wanted) all.push(connection.sSubscribe(base, this.#heard))
    await Promise.all(all)
    await this.#echo()
  }

  #ready(): void {
    if (this.#hasBeenReady) this.#host.reset()
    this.#hasBeenReady = true
  }

  #checkPlace(base: string): void {
    const address = this.#host.commands.shardOf(base)
    if (address !== undefined && address !== this.address) this.#host.moved(base)
  }

  async #use(connection: RedisConnection, result: Promise<void>): Promise<void> {
    try {
      await within(this.#host.timeout, result)
    } catch (error) {
      if (isLate(error) || isMoved(error)) this.#link.renew(connection, error)
      throw error
    }
  }

  #probeOnce(connection: RedisConnection): Promise<void> {
    this.#probe ??= this.#verify(connection).finally(() => (this.#probe = undefined))
    return this.#probe
  }

  async #verify(connection: RedisConnection): Promise<void> {
    const before = this.#run
    try {
      await this.#echo()
    } catch (error) {
      if (isLate(error)) this.#link.renew(connection, error)
      throw error
    }
    // Another server may know less, or more.
    if (this.#run !== before && this.#link.current === connection) this.#host.reset()
  }

  /** Rejects as late only if Redis has published the echo, and it has not arrived. */
  async #echo(): Promise<void> {
    const { commands, keys, node, timeout } = this.#host
    const nonce = `${++this.#nonce}`
    const heard = new Promise<string>((resolve) => this.#echoes.set(nonce, resolve))
    try {
      await commands.run(echo, [keys.echo(this.#base, node)], [nonce]).catch((error: unknown) => {
        throw isLate(error) ? new Error('no answer to the echo') : error
      })
      this.#run = await within(timeout / 2, heard)
    } finally {
      this.#echoes.delete(nonce)
    }
  }
}
