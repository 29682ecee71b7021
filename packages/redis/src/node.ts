import { randomBytes } from 'node:crypto'
import type {
  BrokerListener,
  BrokerNode,
  LogBounds,
  LogRange,
  LogSlice,
  Member,
  MemberChange,
  Members,
  NewEntry,
  Position,
} from '@holdfast/server'
import { createCommands } from './commands.ts'
import type { Commands } from './commands.ts'
import { unavailable } from './errors.ts'
import type { Keys } from './keys.ts'
import { Lease, newId } from './lease.ts'
import { parsePublications } from './messages.ts'
import { milliseconds } from './milliseconds.ts'
import { OwnMembers, listMembers, memberOf } from './own-members.ts'
import type { RedisPolicy } from './options.ts'
import { PubSub } from './pub-sub.ts'
import { Publications } from './publications.ts'
import { checkRedis } from './check.ts'
import { touch } from './scripts.ts'
import { readSlice } from './slices.ts'

/** How often a part of a log is read again because Redis was another one. */
const maxReads = 3
/** How many channels are touched at once. */
const touchedAtOnce = 100

/** The part of a broker on Redis that one hub uses. */
export class RedisNode implements BrokerNode {
  readonly #listener: BrokerListener
  readonly #keys: Keys
  readonly #lifetime: number
  readonly #commands: Commands
  readonly #pubSub: PubSub
  readonly #lease: Lease
  readonly #members: OwnMembers
  readonly #publications: Publications
  /** The channels that the hub is subscribed to, by the name of their pub/sub channel. */
  readonly #subscribed = new Map<string, string>()
  readonly #touchTimer: NodeJS.Timeout
  #isClosed = false

  constructor(
    { client, keys, timeout, memberTimeout, lifetime, probeInterval }: RedisPolicy,
    listener: BrokerListener,
  ) {
    this.#listener = listener
    this.#keys = keys
    this.#lifetime = lifetime
    const commands = createCommands({ client, timeout, checkKey: keys.check, check: checkRedis() })
    const reset = (): void => this.#reset()
    const message = (base: string, text: string): void => this.#heard(base, text)
    const node = randomBytes(16).toString('base64url')
    this.#commands = commands
    this.#pubSub = new PubSub({ commands, keys, node, timeout, message, reset }, probeInterval)
    this.#lease = new Lease({ commands, keys, timeout: memberTimeout, lifetime, nextId: newId, lost: reset })
    this.#members = new OwnMembers(commands, keys, this.#lease, lifetime)
    this.#publications = new Publications(commands, keys, lifetime)
    this.#touchTimer = setInterval(() => void this.#touch(), Math.min(lifetime / 4, 3_600_000))
  }

  append(channel: string, publication: NewEntry, bounds: LogBounds): Promise<Position> {
    if (this.#isClosed) return Promise.reject(unavailable('the node is closed'))
    return this.#publications.append(channel, publication, bounds)
  }

  async subscribe(channel: string): Promise<void> {
    const { base } = this.#keys.channel(channel)
    this.#subscribed.set(base, channel)
    await this.#pubSub.subscribe(base)
  }

  unsubscribe(channel: string): void {
    const { base } = this.#keys.channel(channel)
    this.#subscribed.delete(base)
    this.#pubSub.unsubscribe(base)
  }

  async read(channel: string, range: LogRange): Promise<LogSlice> {
    const keys = this.#keys.channel(channel)
    for (let reads = 0; reads < maxReads; reads++) {
      const { run, slice } = await readSlice(this.#commands, keys, range, this.#lifetime)
      if (await this.#pubSub.isOf(keys.base, run)) return slice
    }
    throw unavailable('it is another one with every call')
  }

  setMember(channel: string, member: Member): Promise<void> {
    return this.#members.set(channel, member)
  }

  removeMember(channel: string, key: string): Promise<void> {
    return this.#members.remove(channel, key)
  }

  parkMember(channel: string, key: string, ttl: number): Promise<void> {
    return this.#members.park(channel, key, ttl)
  }

  async members(channel: string): Promise<Members> {
    const { base } = this.#keys.channel(channel)
    for (let reads = 0; reads < maxReads; reads++) {
      const { run, members, owners } = await listMembers(this.#commands, this.#keys, channel, this.#lifetime)
      if (!(await this.#pubSub.isOf(base, run))) continue
      this.#lease.removeStrangers(channel, owners).catch(nothing)
      return members
    }
    throw unavailable('it is another one with every call')
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    clearInterval(this.#touchTimer)
    this.#pubSub.close()
    this.#publications.close()
    this.#lease.stop()
    try {
      await this.#members.clear()
      await this.#lease.forget()
    } finally {
      this.#commands.close()
    }
  }

  #reset(): void {
    if (!this.#isClosed) this.#listener.reset()
  }

  #heard(base: string, message: string): void {
    const channel = this.#subscribed.get(base)
    if (channel === undefined || this.#isClosed) return
    if (message.startsWith('p')) {
      const { epoch, before, entries } = parsePublications(message)
      for (const [index, entry] of entries.entries())
        this.#listener.published(channel, epoch, entry, entries[index - 1]?.id ?? before)
    } else this.#listener.memberChanged(channel, changeOf(message.slice(1)))
  }

  /** Keeps what is in use, also if nothing is published. */
  async #touch(): Promise<void> {
    const channels = [...new Set([...this.#subscribed.values(), ...this.#members.channels])]
    while (channels.length > 0 && !this.#isClosed) {
      const some = channels.splice(0, touchedAtOnce).map((channel) => {
        const { base, ids, members } = this.#keys.channel(channel)
        return this.#commands.run(touch, [base, ids, members], [milliseconds(this.#lifetime)])
      })
      await Promise.all(some).catch(nothing)
    }
  }
}

function changeOf(json: string): MemberChange {
  const [version, key, value] = JSON.parse(json) as [string, string, string?]
  return { version: Number(version), key, member: value === undefined ? undefined : memberOf(key, value) }
}

/** It is tried again later. */
function nothing(): void {}
