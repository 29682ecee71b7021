import { misuse } from '@holdfast/protocol'
import { countOne } from '../counters.ts'
import type { LimitName } from '../limits.ts'
import type { JoinedChannel, SessionSnapshot } from '../moves/snapshot.ts'
import type { SessionRecord } from '../session-record.ts'
import { TokenBucket } from '../token-bucket.ts'
import type { ChannelParts } from './channel-parts.ts'
import { readControl } from './client-control.ts'
import type { JoinRequest } from './client-control.ts'
import { Joined } from './joined.ts'
import type { KindPolicy } from './kinds.ts'
import { parseName } from './name.ts'
import { PeerPresence } from './peer-presence.ts'
import type { PeerJoinOptions } from './peer-join-options.ts'
import { Rejoins } from './rejoins.ts'
import type { SlowSubscriber } from './slow-subscribers.ts'
import { Subscription } from './subscription.ts'
import type { SubscriptionClient } from './subscription.ts'
import { decide, forbidden, tooMany } from './verdict.ts'
import type { Decision, Refusal } from './verdict.ts'

/**
 * The channels of a session: those that its client has joined, which end with the connection, and those that the application has
 * joined for it.
 */
export class PeerChannels implements SubscriptionClient {
  readonly #parts: ChannelParts
  readonly #record: SessionRecord
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #joined = new Map<string, Joined>()
  /** The last publication under way, by channel: those of one client stay in order. */
  readonly #publishing = new Map<string, Promise<unknown>>()
  #publishTokens: TokenBucket | undefined
  readonly #presence: PeerPresence
  #rejoins: Rejoins | undefined

  constructor(parts: ChannelParts, record: SessionRecord) {
    this.#parts = parts
    this.#record = record
    this.#presence = new PeerPresence(parts, record, this)
  }

  /** The names of the channels that the session is subscribed to. */
  get names(): string[] {
    const begun = [...this.#subscriptions].filter(([, { hasBegun }]) => hasBegun)
    return [...new Set([...begun.map(([name]) => name), ...this.#joined.keys()])]
  }

  // The client

  /** Takes a control of the client. */
  control(content: unknown): void {
    const control = readControl(content)
    if (!control) return this.#record.violated(4400, 'malformed channel control')
    if (control.type === 'join') for (const join of control.joins) this.#join(control.n, join)
    if (control.type === 'leave') for (const name of control.names) this.#left(name)
    if (control.type === 'data') this.#presence.change(control.name, this.#kindOf(control.name), control.data)
  }

  /** Whether the client was notified that it is subscribed. */
  hasBegun(name: string): boolean {
    return this.#subscriptions.get(name)?.hasBegun ?? false
  }

  /** Takes a token of the rate at which the client may publish. */
  takePublishToken(): boolean {
    const { clock, limits } = this.#parts
    this.#publishTokens ??= new TokenBucket(clock, limits.publishRate, limits.publishBurst)
    return this.#publishTokens.take()
  }

  /** Runs a publication after the ones before it in that channel. */
  inOrder<T>(name: string, run: () => T | Promise<T>): T | Promise<T> {
    const before = this.#publishing.get(name)
    const result = before ? before.then(run) : run()
    if (!(result instanceof Promise)) return result
    const settled = result.catch(() => {})
    this.#publishing.set(name, settled)
    void settled.then(() => {
      if (this.#publishing.get(name) === settled) this.#publishing.delete(name)
    })
    return result
  }

  /** The client is connected, and another round of heartbeats has passed. */
  rest(): void {
    this.#presence.rest((name) => this.#subscriptions.has(name) || this.#joined.has(name))
  }

  /** The connection of the client has ended, and with it the subscriptions. */
  disconnected(): void {
    for (const name of [...this.#subscriptions.keys()]) this.#drop(name)
    this.#rejoins = undefined
  }

  #kindOf(name: string): KindPolicy | undefined {
    const parsed = parseName(name)
    return parsed && this.#parts.kinds.get(parsed.kind)
  }

  #join(n: number, request: JoinRequest): void {
    const { clock, limits, counts, slow } = this.#parts
    const { name, position } = request
    const isAgain = this.#drop(name)
    const kind = this.#kindOf(name)
    if (!kind) return this.#refuse(name, n, forbidden)
    const limit =
      this.#subscriptions.size >= limits.maxChannelsPerSession
        ? 'maxChannelsPerSession'
        : counts.subscriptions >= limits.maxSubscriptions && 'maxSubscriptions'
    if (limit) {
      this.reached(limit)
      return this.#refuse(name, n, tooMany)
    }
    const subscription = new Subscription(this, n, position)
    this.#subscriptions.set(name, subscription)
    counts.subscriptions++
    const ask = (): void => this.#ask(subscription, kind, request)
    if (!isAgain) return ask()
    this.#rejoins ??= new Rejoins(clock, slow)
    this.#rejoins.pace(name, ask)
  }

  /** Asks the rule of the application. */
  #ask(subscription: Subscription, kind: KindPolicy, request: JoinRequest): void {
    const { name } = request
    const { peer } = this.#record
    const { id } = parseName(name)!
    const rule = kind.subscribe
    const decision = decide(rule && (() => rule(peer, id)), (error) =>
      this.#parts.reportTrouble(`channels ${kind.kind}`, error),
    )
    const decided = (result: Decision): void => {
      // Otherwise the client has left, or joins again.
      if (this.#subscriptions.get(name) === subscription) this.#admit(subscription, kind, request, result)
    }
    if (decision instanceof Promise) void decision.then(decided)
    else decided(decision)
  }

  #admit(
    subscription: Subscription,
    kind: KindPolicy,
    { name, options }: JoinRequest,
    decision: Decision,
  ): void {
    const { feeds } = this.#parts
    if (!decision.isAllowed) return this.refused(name, subscription, decision)
    if (!feeds.canOpen(name)) {
      this.reached('maxChannels')
      return this.refused(name, subscription, tooMany)
    }
    const attendance = this.#presence.attend(name, kind, decision.permission, options)
    if (attendance && 'why' in attendance) return this.refused(name, subscription, attendance)
    subscription.allow(feeds.open(name, kind), attendance)
  }

  /** The client has left. */
  #left(name: string): void {
    this.#rejoins?.forget(name)
    if (this.#drop(name) && !this.#joined.has(name)) this.#presence.leave(name)
  }

  /** Ends the subscription of the client. */
  #drop(name: string): boolean {
    const subscription = this.#subscriptions.get(name)
    if (!subscription) return false
    this.#subscriptions.delete(name)
    this.#rejoins?.cancel(name)
    this.#parts.counts.subscriptions--
    this.#parts.slow.delete(subscription)
    this.#presence.unwatch(name)
    subscription.end()
    return true
  }

  #refuse(name: string, n: number | undefined, { why, after }: Refusal): void {
    const { channelRefusals } = this.#parts.counters
    // Reasons of the application may be any number.
    countOne(channelRefusals, Object.hasOwn(channelRefusals, why) ? why : 'other')
    this.tell({ refused: name, ...(n !== undefined && { n }), why, ...(after && { after }) })
  }

  // The application

  join(name: string, { presence }: PeerJoinOptions = {}): void {
    const parsed = parseName(name)
    if (!parsed) throw misuse('the name of a channel must be kind or kind:id, of 1 to 256 characters')
    if (this.#joined.has(name) || this.#record.stage === 'ended') return
    const kind = this.#parts.kindOf(parsed.kind)
    if (kind.presence) this.#presence.enter(name, presence)
    const feed = this.#parts.feeds.open(name, kind)
    const joined = new Joined(feed, (publication) => {
      // A client that has joined gets it by the channel.
      if (!this.#subscriptions.has(name) && this.hasRoom) this.write(publication.plain)
    })
    this.#joined.set(name, joined)
  }

  leave(name: string, why: 'left' | 'kicked' = 'left'): void {
    this.#joined.get(name)?.end()
    this.#joined.delete(name)
    this.#presence.leave(name)
    const subscription = this.#subscriptions.get(name)
    if (!subscription) return
    this.#drop(name)
    const n = subscription.hasBegun ? undefined : subscription.n
    this.tell({ refused: name, ...(n !== undefined && { n }), why })
  }

  /** The session has ended. */
  ended(): void {
    this.#leaveAll()
    this.#presence.ended()
  }

  // Moves

  get state(): Pick<SessionSnapshot, 'joined' | 'present'> {
    const members = this.#presence.members
    const joined = Array.from(this.#joined.keys(), (name) => ({ name, presence: members.get(name) }))
    const present = Array.from(members, ([name, presence]) => ({ name, presence }))
    return { joined, present: present.filter(({ name }) => !this.#joined.has(name)) }
  }

  /** Goes on with what another hub knew. */
  arrived(joined: readonly JoinedChannel[], present: readonly JoinedChannel[]): void {
    for (const { name, presence } of joined)
      this.join(name, presence === undefined ? {} : { presence: JSON.parse(presence) as unknown })
    for (const { name, presence } of present) this.#presence.arrived(name, presence)
  }

  /** Another hub goes on with the session: it stays present for so many milliseconds. */
  departed(ttl: number): void {
    this.#leaveAll()
    this.#presence.departed(ttl)
  }

  #leaveAll(): void {
    this.disconnected()
    for (const joined of this.#joined.values()) joined.end()
    this.#joined.clear()
  }

  // For the subscriptions

  get maxPayload(): number {
    return this.#record.maxPayload
  }

  get hasRoom(): boolean {
    const { connection } = this.#record
    return (
      connection !== undefined && connection.bufferedAmount < this.#parts.limits.maxUnsentPublicationBytes
    )
  }

  write(frame: string): void {
    const { line } = this.#record
    if (!line) return
    this.#parts.turn.write(line, frame)
    this.#parts.counters.publicationsSent++
  }

  tell(content: object): void {
    this.#record.line?.control(['channel', content])
  }

  send(control: string): void {
    const { line, connection } = this.#record
    line?.flushed()
    connection?.send(control)
  }

  lags(subscription: SlowSubscriber): void {
    if (this.#parts.slow.add(subscription)) this.reached('maxUnsentPublicationBytes')
  }

  count(what: 'recoveries' | 'gaps'): void {
    this.#parts.counters[what]++
  }

  /** Counts that a limit was reached. */
  reached(limit: LimitName): void {
    countOne(this.#parts.counters.limitHits, limit)
  }

  began(name: string, subscription: Subscription): void {
    const kind = this.#kindOf(name)
    if (kind && subscription.attendance) this.#presence.begin(name, kind, subscription.attendance)
  }

  refused(name: string, subscription: Subscription, refusal: Refusal): void {
    if (this.#subscriptions.get(name) !== subscription) return
    this.#drop(name)
    // While the server fails, the member has not left.
    if (!refusal.after && !this.#joined.has(name)) this.#presence.leave(name)
    this.#refuse(name, subscription.n, refusal)
  }
}
