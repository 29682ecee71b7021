import { misuse } from '@holdfast/protocol'
import type { Answerer, Meta, Schemas } from '@holdfast/protocol'
import type { Counters } from '../counters.ts'
import type { HubHealth } from '../health.ts'
import type { Outbound } from '../outbound.ts'
import type { Policy } from '../policy.ts'
import type { Registry } from '../registry.ts'
import type { SessionRecord } from '../session-record.ts'
import type { Broker, NewEntry, LogBounds, Position } from './broker.ts'
import type { ChannelParts } from './channel-parts.ts'
import type { Channel } from './channel.ts'
import { BrokerLink, hubClosed } from './broker-link.ts'
import type { Feed } from './feed.ts'
import { Feeds } from './feeds.ts'
import { checkId, checkIdentity, HubChannel } from './hub-channel.ts'
import { Identities } from './identities.ts'
import { resolveKind, unknownKind } from './kinds.ts'
import type { ChannelRules, KindPolicy } from './kinds.ts'
import { memory } from './memory.ts'
import { checkName } from './name.ts'
import { PeerChannels } from './peer-channels.ts'
import type { ChannelState } from './peer-channels.ts'
import type { PeerJoinOptions } from './peer-join-options.ts'
import { Presences } from './presences.ts'
import type { Recipient, RecipientOptions } from './recipient.ts'
import { findAnswerer } from './requests.ts'
import { SlowSubscribers } from './slow-subscribers.ts'
import { Turn } from './turn.ts'

/** What the channels need of the hub. */
export interface ChannelsHost {
  readonly contract: Schemas | undefined
  readonly registry: Pick<Registry, 'sessions' | 'newSecret'>
  readonly counters: Counters
  readonly outbound: Pick<Outbound, 'encode' | 'postToAll'>
}

/** The channels of a hub. A hub that does not use them makes none of the parts. */
export class HubChannels {
  readonly #policy: Policy
  readonly #broker: Broker | undefined
  readonly #host: ChannelsHost
  readonly #kinds = new Map<string, KindPolicy>()
  /** By the ids of the sessions. */
  readonly #sessions = new Map<string, PeerChannels>()
  #made: ChannelParts | undefined
  #identities: Identities | undefined
  /** The channels of the hub itself. */
  readonly #ownNames = new Set<string>()
  #isClosed = false

  constructor(policy: Policy, broker: Broker | undefined, host: ChannelsHost) {
    this.#policy = policy
    this.#broker = broker
    this.#host = host
  }

  /** Whether clients may use channels. */
  get isOffered(): boolean {
    return this.#kinds.size > 0
  }

  get channels(): number {
    // One of them is that of the identities.
    return (this.#made?.feeds.size ?? 0) - (this.#identities ? 1 : 0) - this.#ownNames.size
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
    const { kind } = checkName(name)
    return new HubChannel(this.#parts, name, this.#kindOf(kind), {
      newId: this.#host.registry.newSecret,
      identities: () => this.#useIdentities(),
      kick: ({ id }) => this.#sessions.get(id)?.leave(name, 'kicked'),
    })
  }

  /** @throws {HoldfastError} `misuse` */
  to(identity: string): Recipient {
    checkIdentity(identity)
    return {
      send: async (
        event: string,
        data?: unknown,
        { id = this.#host.registry.newSecret() }: RecipientOptions = {},
      ) => {
        checkId(id)
        await this.#useIdentities().send(identity, event, data, id)
      },
    }
  }

  /** Opens a channel of the hub itself, whose name no application can use. */
  openOwn(name: string, kind: KindPolicy): Feed {
    this.#ownNames.add(name)
    return this.#parts.feeds.open(name, kind)
  }

  /** Appends to a channel of the hub itself. */
  appendOwn(name: string, entry: NewEntry, bounds: LogBounds): Promise<Position> {
    return this.#parts.feeds.append(name, entry, bounds)
  }

  /** Reports that the broker has failed, once in a while. */
  failed(error: unknown): void {
    this.#parts.link.failed(error)
  }

  /** A session was confirmed. */
  confirmed(record: SessionRecord): void {
    // Another hub may send to its identity, if the broker is shared.
    if (this.#broker && record.identity !== null) this.#useIdentities().add(record)
    else this.#identities?.add(record)
  }

  /** The channels of a session, which has some from now on. */
  of(record: SessionRecord): PeerChannels {
    let channels = this.#sessions.get(record.id)
    if (!channels) this.#sessions.set(record.id, (channels = new PeerChannels(this.#parts, record)))
    return channels
  }

  /** @throws {HoldfastError} `misuse` */
  join(record: SessionRecord, name: string, options?: PeerJoinOptions): void {
    checkName(name)
    // The channels of a session are forgotten with its end.
    if (record.stage !== 'ended') this.of(record).join(name, options)
  }

  leave(record: SessionRecord, name: string): void {
    this.#sessions.get(record.id)?.leave(name)
  }

  namesOf(record: SessionRecord): readonly string[] {
    return this.#sessions.get(record.id)?.names ?? []
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
    this.#sessions.get(record.id)?.rest()
  }

  /** The connection of a session has ended. */
  disconnected(record: SessionRecord): void {
    this.#sessions.get(record.id)?.disconnected()
  }

  /** A session has ended. */
  ended(record: SessionRecord): void {
    this.#sessions.get(record.id)?.ended()
    this.#sessions.delete(record.id)
    this.#identities?.delete(record)
  }

  /** What another hub has to know of the channels of a session. */
  stateOf(record: SessionRecord): ChannelState {
    return this.#sessions.get(record.id)?.state ?? { joined: [], present: [], published: 0 }
  }

  /** A session has come from another hub. */
  arrived(record: SessionRecord, state: ChannelState): void {
    const { joined, present, published } = state
    if (joined.length + present.length + published > 0) this.of(record).arrived(state)
  }

  /** Another hub goes on with the session: it stays present for so many milliseconds. */
  departed(record: SessionRecord, ttl: number): void {
    this.#sessions.get(record.id)?.departed(ttl)
    this.#sessions.delete(record.id)
    this.#identities?.delete(record)
  }

  /** Whether the broker answers. */
  async health(): Promise<HubHealth['broker']> {
    if (!this.isOffered && !this.#made) return 'unused'
    return (await this.#parts.link.isReachable()) ? 'reachable' : 'unreachable'
  }

  async close(): Promise<void> {
    this.#isClosed = true
    if (!this.#made) return
    const { slow, presences, feeds, link } = this.#made
    slow.clear()
    this.#identities = undefined
    feeds.close()
    await presences.close()
    await link.close()
  }

  #kindOf(kind: string): KindPolicy {
    return this.#kinds.get(kind) ?? unknownKind(kind)
  }

  #useIdentities(): Identities {
    if (this.#isClosed) throw hubClosed()
    const join = (record: SessionRecord, name: string, presence: unknown): void =>
      this.join(record, name, { presence })
    const leave = (record: SessionRecord, name: string): void => this.leave(record, name)
    return (this.#identities ??= new Identities(this.#parts, { ...this.#host, join, leave }))
  }

  get #parts(): ChannelParts {
    return (this.#made ??= this.#make())
  }

  #make(): ChannelParts {
    const policy = this.#policy
    const { clock } = policy.ports
    const link = new BrokerLink(
      policy,
      this.#broker ??
        memory({ now: () => clock.wall(), setTimer: (...timer) => void clock.setTimer(...timer) }),
      this.#host.counters,
    )
    if (this.#isClosed) void link.close()
    const turn = new Turn()
    return {
      clock,
      limits: policy.limits,
      kinds: this.#kinds,
      kindOf: (kind) => this.#kindOf(kind),
      checksOf: (kind) => this.#host.contract?.channels.get(kind),
      link,
      feeds: new Feeds(policy.limits, link, turn),
      presences: new Presences(clock, link),
      turn,
      slow: new SlowSubscribers(clock),
      counters: this.#host.counters,
      counts: { subscriptions: 0 },
      reportTrouble: policy.reportTrouble,
      warn: policy.warn,
    }
  }
}
