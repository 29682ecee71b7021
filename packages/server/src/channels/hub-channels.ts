import { misuse, utf8Length } from '@holdfast/protocol'
import type { Answerer, Meta } from '@holdfast/protocol'
import type { Counters } from '../counters.ts'
import type { HubHealth } from '../health.ts'
import type { Peer } from '../peer.ts'
import type { Policy } from '../policy.ts'
import type { SessionRecord } from '../session-record.ts'
import type { Broker } from './broker.ts'
import type { ChannelParts } from './channel-parts.ts'
import type { Channel, ChannelMember, ChannelPage, HistoryOptions, PublishOptions } from './channel.ts'
import { BrokerLink } from './broker-link.ts'
import { Feeds } from './feeds.ts'
import { resolveKind, unknownKind } from './kinds.ts'
import type { ChannelRules, KindPolicy } from './kinds.ts'
import { memory } from './memory.ts'
import { parseName } from './name.ts'
import { PeerChannels } from './peer-channels.ts'
import type { PeerJoinOptions } from './peer-join-options.ts'
import { Presences } from './presences.ts'
import { decodePublication, encodePublication } from './publication.ts'
import { findAnswerer } from './requests.ts'
import { SlowSubscribers } from './slow-subscribers.ts'
import { Turn } from './turn.ts'

/** The channels of a hub. A hub that does not use them makes none of the parts. */
export class HubChannels {
  readonly #policy: Policy
  readonly #broker: Broker | undefined
  readonly #newId: () => string
  readonly #counters: Counters
  readonly #kinds = new Map<string, KindPolicy>()
  readonly #sessions = new Map<SessionRecord, PeerChannels>()
  #made: ChannelParts | undefined

  constructor(policy: Policy, broker: Broker | undefined, newId: () => string, counters: Counters) {
    this.#policy = policy
    this.#broker = broker
    this.#newId = newId
    this.#counters = counters
  }

  /** Whether clients may use channels. */
  get isOffered(): boolean {
    return this.#kinds.size > 0
  }

  get channels(): number {
    return this.#made?.feeds.size ?? 0
  }

  get subscriptions(): number {
    return this.#made?.counts.subscriptions ?? 0
  }

  /** @throws {HoldfastError} `misuse` */
  addKind(kind: string, rules: ChannelRules): void {
    if (this.#kinds.has(kind)) throw misuse(`the channels of the kind '${kind}' have rules already`)
    this.#kinds.set(kind, resolveKind(kind, rules))
  }

  /** @throws {HoldfastError} `misuse` */
  channel(name: string): Channel {
    const parsed = parseName(name)
    if (!parsed) throw misuse('the name of a channel is kind or kind:id, of 1 to 256 characters')
    return new HubChannel(this.#parts, name, this.#kindOf(parsed.kind), this.#newId, (peer) => {
      for (const [record, channels] of this.#sessions)
        if (record.peer === peer) channels.leave(name, 'kicked')
    })
  }

  /** The channels of a session, which has some from now on. */
  of(record: SessionRecord): PeerChannels {
    let channels = this.#sessions.get(record)
    if (!channels) this.#sessions.set(record, (channels = new PeerChannels(this.#parts, record)))
    return channels
  }

  join(record: SessionRecord, name: string, options?: PeerJoinOptions): void {
    this.of(record).join(name, options)
  }

  leave(record: SessionRecord, name: string): void {
    this.#sessions.get(record)?.leave(name)
  }

  namesOf(record: SessionRecord): readonly string[] {
    return this.#sessions.get(record)?.names ?? []
  }

  /** A control of a client. */
  control(record: SessionRecord, content: unknown): void {
    this.of(record).control(content)
  }

  /** What answers a request that names a channel. */
  find(record: SessionRecord, name: string, meta: Meta): Answerer {
    return findAnswerer(this.#parts, record, this.of(record), name, meta)
  }

  /** A session is connected, and another round of heartbeats has passed. */
  rest(record: SessionRecord): void {
    this.#sessions.get(record)?.rest()
  }

  /** The connection of a session has ended. */
  disconnected(record: SessionRecord): void {
    this.#sessions.get(record)?.disconnected()
  }

  /** A session has ended. */
  ended(record: SessionRecord): void {
    this.#sessions.get(record)?.ended()
    this.#sessions.delete(record)
  }

  /** Whether the broker answers. */
  async health(): Promise<HubHealth['broker']> {
    if (!this.isOffered && !this.#made) return 'unused'
    return (await this.#parts.link.isReachable()) ? 'reachable' : 'unreachable'
  }

  async close(): Promise<void> {
    if (!this.#made) return
    const { slow, presences, feeds, link } = this.#made
    slow.clear()
    presences.close()
    feeds.close()
    await link.close()
  }

  #kindOf(kind: string): KindPolicy {
    return this.#kinds.get(kind) ?? unknownKind(kind)
  }

  get #parts(): ChannelParts {
    return (this.#made ??= this.#make())
  }

  #make(): ChannelParts {
    const policy = this.#policy
    const { clock } = policy.ports
    const link = new BrokerLink(policy, this.#broker ?? memory({ now: () => clock.wall() }), this.#counters)
    return {
      clock,
      limits: policy.limits,
      kinds: this.#kinds,
      kindOf: (kind) => this.#kindOf(kind),
      link,
      feeds: new Feeds(policy.limits, link),
      presences: new Presences(clock, link),
      turn: new Turn(),
      slow: new SlowSubscribers(clock),
      counters: this.#counters,
      counts: { subscriptions: 0 },
      reportTrouble: policy.reportTrouble,
      warn: policy.warn,
    }
  }
}

class HubChannel implements Channel {
  readonly name: string
  readonly kick: (peer: Peer) => void
  readonly #parts: ChannelParts
  readonly #kind: KindPolicy
  readonly #newId: () => string

  constructor(
    parts: ChannelParts,
    name: string,
    kind: KindPolicy,
    newId: () => string,
    kick: (peer: Peer) => void,
  ) {
    this.name = name
    this.kick = kick
    this.#parts = parts
    this.#kind = kind
    this.#newId = newId
  }

  get size(): number {
    return this.#parts.feeds.find(this.name)?.size ?? 0
  }

  async publish(event: string, data?: unknown, { id = this.#newId() }: PublishOptions = {}) {
    if (typeof id !== 'string' || id === '' || id.length > 64) throw misuse('an id has 1 to 64 characters')
    const { feeds, limits } = this.#parts
    const text = encodePublication(undefined, event, data)
    if (utf8Length(text) > limits.maxPublicationBytes) throw misuse('the publication is too large')
    return feeds.append(this.name, { id, text }, this.#kind.bounds)
  }

  async presence(): Promise<readonly ChannelMember[]> {
    const members = await this.#parts.presences.list(this.name, this.#kind.presence?.by === 'identity')
    return members.map((member) => {
      const [key, identity, data] = JSON.parse(member) as [string, string | null, unknown]
      return { key, identity, data }
    })
  }

  async history({ limit = 100, before }: HistoryOptions = {}): Promise<ChannelPage> {
    const { epoch, entries, more } = await this.#parts.feeds.history(this.name, { limit, before }, Infinity)
    const publications = entries.map(({ offset, id, text }) => ({ offset, id, ...decodePublication(text) }))
    return { epoch, publications, more }
  }
}
