import { randomBytes } from 'node:crypto'
import type { Commands } from './commands.ts'
import { unavailable } from './errors.ts'
import type { Keys } from './keys.ts'
import { milliseconds } from './milliseconds.ts'
import { channelsOf, enter, forget, leave, removeOwner, renew, strangers } from './scripts.ts'
import { Serial } from './serial.ts'

export interface LeaseHost {
  readonly commands: Commands
  readonly keys: Keys
  /** How long after its process has died the members of a node leave at the latest, in milliseconds. */
  readonly timeout: number
  readonly lifetime: number
  /** Returns the id under which to begin, and under which to go on after the lease was lost. */
  nextId(): string
  /** The members of this node are removed, or going to be: they have to be set again. */
  lost(): void
}

/**
 * The lease by which the members of a node stay, and the removal of those whose nodes have died. A node that has lost its lease goes
 * on under a new id, so that a node that removes the members of the old one does not touch the new ones.
 */
export class Lease {
  readonly #host: LeaseHost
  readonly #serial = new Serial()
  readonly #timer: NodeJS.Timeout
  readonly #duration: number
  #id: string
  #isBegun = false
  #renewing: Promise<void> | undefined
  #renewedAt = -Infinity
  /** The channels that are noted under the id. */
  #noted = new Set<string>()

  constructor(host: LeaseHost) {
    this.#host = host
    this.#id = host.nextId()
    this.#duration = host.timeout * 0.7
    this.#timer = setInterval(() => void this.#renewOnce().catch(nothing), host.timeout * 0.2)
    this.#renewOnce().catch(nothing)
  }

  /** Resolves when there is a lease. A process that was paused may have lost it, and must not set what no node would remove. */
  async ready(): Promise<void> {
    for (let tries = 0; tries < 2 && this.#isStale; tries++) await this.#renewOnce()
  }

  /** Returns the owner of members that are set now, after it is noted that it has some in the channel. */
  async enter(channel: string): Promise<string> {
    await this.ready()
    const id = this.#id
    if (!this.#noted.has(channel)) await this.#serial.run(channel, () => this.#note(id, channel))
    return id
  }

  /** The node has no members in a channel any more. */
  leave(channel: string): void {
    const noted = this.#noted
    if (!noted.delete(channel)) return
    const { commands, keys } = this.#host
    const key = keys.channelsOf(this.#id)
    this.#serial
      .run(channel, async () => {
        if (!noted.has(channel)) await commands.run(leave, [key], [channel])
      })
      .catch(nothing)
  }

  /** Removes the members of a channel whose owners have no lease: their removal was not completed. */
  async removeStrangers(channel: string, owners: Iterable<string>): Promise<void> {
    const others = [...new Set(owners)].filter((owner) => owner !== this.#id)
    if (others.length === 0) return
    const { commands, keys } = this.#host
    const found = (await commands.run(strangers, [keys.nodes], others)) as string[]
    for (const owner of found) await this.#removeFrom(channel, owner)
  }

  /** Renews the lease no more. */
  stop(): void {
    clearInterval(this.#timer)
  }

  get #isStale(): boolean {
    return performance.now() - this.#renewedAt > this.#duration
  }

  /** Ends the lease, after the members of the node were removed. */
  async forget(): Promise<void> {
    await this.#forget(this.#id)
  }

  async #note(id: string, channel: string): Promise<void> {
    const { commands, keys } = this.#host
    if (id !== this.#id) throw unavailable('the lease was lost')
    const isAlive = await commands.run(enter, [keys.nodes, keys.channelsOf(id)], [id, channel])
    if (isAlive === 1) this.#noted.add(channel)
    else {
      this.#lose(id)
      throw unavailable('the lease was lost')
    }
  }

  #renewOnce(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = undefined))
    return this.#renewing
  }

  async #renew(): Promise<void> {
    const { commands, keys, lifetime } = this.#host
    const id = this.#id
    const startedAt = performance.now()
    const args = [id, milliseconds(this.#duration), milliseconds(lifetime), this.#isBegun ? '0' : '1']
    let answer: readonly unknown[]
    try {
      answer = (await commands.run(renew, [keys.nodes, keys.channelsOf(id)], args)) as unknown[]
    } catch (error) {
      // It may have begun, and even ended.
      if (!this.#isBegun) this.#id = this.#host.nextId()
      throw error
    }
    const [isAlive, ...dead] = answer as [number, ...string[]]
    if (isAlive !== 1) return this.#lose(id)
    this.#isBegun = true
    this.#renewedAt = startedAt
    // Not awaited: this node's own lease goes on meanwhile.
    for (const node of dead) void this.#bury(node).catch(nothing)
  }

  #lose(id: string): void {
    if (id !== this.#id) return
    this.#id = this.#host.nextId()
    this.#isBegun = false
    this.#renewedAt = -Infinity
    this.#noted = new Set()
    this.#host.lost()
  }

  async #bury(node: string): Promise<void> {
    const { commands, keys } = this.#host
    const channels = (await commands.run(channelsOf, [keys.channelsOf(node)], [])) as string[]
    for (const channel of channels) await this.#removeFrom(channel, node)
    await this.#forget(node)
  }

  async #removeFrom(channel: string, owner: string): Promise<void> {
    const { base, members } = this.#host.keys.channel(channel)
    await this.#host.commands.run(removeOwner, [base, members], [owner])
  }

  async #forget(node: string): Promise<void> {
    const { commands, keys } = this.#host
    await commands.run(forget, [keys.nodes, keys.channelsOf(node)], [node])
  }
}

/** 22 characters. */
export function newId(): string {
  return randomBytes(16).toString('base64url')
}

/** What has failed is tried again with the next renewal. */
function nothing(): void {}
