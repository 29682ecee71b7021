import { unavailable } from './errors.ts'
import { Shard } from './shard.ts'
import type { ShardHost } from './shard.ts'
import { locate } from './scripts.ts'

export type PubSubHost = Omit<ShardHost, 'moved' | 'ended'>

/** The subscriptions of a node: on one connection, or in a cluster on one for each primary that has some of the channels. */
export class PubSub implements ShardHost {
  readonly commands: PubSubHost['commands']
  readonly keys: PubSubHost['keys']
  readonly node: string
  readonly timeout: number
  readonly message: PubSubHost['message']
  readonly reset: PubSubHost['reset']
  readonly #shards = new Map<string, Shard>()
  readonly #wanted = new Set<string>()
  /** Where each channel is subscribed to. */
  readonly #places = new Map<string, Shard>()
  /** The channels whose subscriptions were ended by Redis, and whose new place is not known yet. */
  readonly #ended = new Set<string>()
  readonly #timer: NodeJS.Timeout
  #isProbing = false

  constructor(host: PubSubHost, probeInterval: number) {
    this.commands = host.commands
    this.keys = host.keys
    this.node = host.node
    this.timeout = host.timeout
    this.message = (base, message) => host.message(base, message)
    this.reset = () => host.reset()
    this.#timer = setInterval(() => void this.#probe(), probeInterval)
  }

  /** Resolves once everything that is published arrives. */
  async subscribe(base: string): Promise<void> {
    this.#wanted.add(base)
    if (this.commands.shardOf(base) === undefined) await this.commands.ready()
    if (!this.#wanted.has(base)) return
    const address = this.commands.shardOf(base)
    if (address === undefined) throw unavailable('the cluster does not have the slot')
    await this.#place(base, address).subscribe(base)
  }

  unsubscribe(base: string): void {
    this.#wanted.delete(base)
    this.#ended.delete(base)
    const shard = this.#places.get(base)
    if (!shard) return
    this.#places.delete(base)
    this.#remove(base, shard)
  }

  /** Whether what arrives of a channel comes from that run of Redis. If not, the caller has to read again. */
  async isOf(base: string, run: string): Promise<boolean> {
    return (await this.#places.get(base)?.isOf(run)) ?? true
  }

  /** The cluster has moved the channel: subscribes where it is now. */
  moved(base: string): void {
    const shard = this.#places.get(base)
    const address = this.commands.shardOf(base)
    if (!shard || address === undefined || address === shard.address) return
    this.#places.delete(base)
    const subscribed = this.#place(base, address).subscribe(base)
    this.#remove(base, shard)
    subscribed.then(this.reset, nothing)
  }

  ended(base: string): void {
    if (!this.#places.has(base)) return
    this.#ended.add(base)
    this.#find(base).catch(nothing)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#ended.clear()
    for (const shard of this.#shards.values()) shard.close()
    this.#shards.clear()
    this.#places.clear()
  }

  /** A command that needs the slot makes node-redis learn which primary has it, which a hub that only listens does not use otherwise. */
  async #find(base: string): Promise<void> {
    await this.commands.run(locate, [base], [])
    if (!this.#ended.delete(base)) return
    const shard = this.#places.get(base)
    this.moved(base)
    // It is back, or was never away.
    if (shard && this.#places.get(base) === shard) shard.renew('Redis has ended a subscription')
  }

  #place(base: string, address: string): Shard {
    const known = this.#places.get(base)
    if (known) return known
    let shard = this.#shards.get(address)
    if (!shard) this.#shards.set(address, (shard = new Shard(this, address, base)))
    this.#places.set(base, shard)
    return shard
  }

  #remove(base: string, shard: Shard): void {
    shard.unsubscribe(base)
    // A single connection is kept for the next channel.
    if (shard.size > 0 || shard.address === '') return
    shard.close()
    this.#shards.delete(shard.address)
  }

  async #probe(): Promise<void> {
    if (this.#isProbing) return
    this.#isProbing = true
    for (const shard of [...this.#shards.values()]) await shard.probe().catch(nothing)
    for (const base of this.#ended) await this.#find(base).catch(nothing)
    this.#isProbing = false
  }
}

/** A shard that fails tries again by itself. */
function nothing(): void {}
