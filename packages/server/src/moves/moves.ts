import { bodyBytes } from '@holdfast/protocol'
import type { Body, Endpoint, Queued } from '@holdfast/protocol'
import type { Broker } from '../channels/broker.ts'
import { withinTime } from '../channels/within-time.ts'
import { createDeadlines } from '../deadlines.ts'
import type { Deadlines } from '../deadlines.ts'
import type { Lifecycle } from '../lifecycle.ts'
import type { Policy } from '../policy.ts'
import type { Registry } from '../registry.ts'
import type { SessionRecord } from '../session-record.ts'
import type { HubStage } from '../stage.ts'
import type { Tombstone } from '../tombstones.ts'
import { checkRequest } from './checks.ts'
import { ClaimTable } from './claim-table.ts'
import type { Departure } from './departure.ts'
import { Departures } from './departures.ts'
import { Endings } from './endings.ts'
import { keyHash } from './key-hash.ts'
import { Mailbox } from './mailbox.ts'
import { OwnedSession } from './owned-session.ts'
import { newSessionId } from './session-id.ts'
import type { ParkedState, ReleaseRequest, SessionStoreListener, SessionToken } from './session-store.ts'
import type { SessionSnapshot } from './snapshot.ts'
import { StoreLink } from './store-link.ts'

/** How long a client that is asked to move may take to finish, in milliseconds. */
const parkTimeout = 5_000
/** The same for what is to be parked, posted and given back when the hub closes; and for the ends of sessions. */
const postTimeout = 5_000
const endTimeout = 1_000
/** How long the store is asked to take a session back, in milliseconds. Later it is when another hub asks for the session. */
const returnTimeout = 10_000
/** How many sessions may have ended without the store knowing it. Of others, the clients learn it when their hubs ask this one. */
const maxEndings = 10_000

export interface MovesParts {
  readonly policy: Policy
  readonly lifecycle: Lifecycle
  readonly stage: HubStage
  readonly registry: Registry
}

/**
 * The sessions of this hub that other hubs may take over, by a store that they share: each is known there from its begin to its end,
 * and parked there when its client comes to another hub, or when this hub closes.
 */
export class Moves implements SessionStoreListener {
  readonly link: StoreLink
  /** The claims of sessions of other hubs that are under way. */
  readonly claims: ClaimTable
  readonly #parts: MovesParts
  readonly #owned = new Map<string, OwnedSession>()
  readonly #endings = new Endings(maxEndings)
  readonly #departures: Departures
  /** The claims, and the sessions that are given back, which the hub waits for when it closes. */
  readonly #pending = new Set<Promise<unknown>>()
  /** The sessions whose clients were asked to dial again. */
  readonly #leaving: Deadlines<SessionRecord>

  constructor(broker: SharingBroker, parts: MovesParts) {
    const { policy, lifecycle } = parts
    const { clock } = policy.ports
    this.#parts = parts
    this.#leaving = createDeadlines(clock, parkTimeout, (record) => record.depart(1012, parts.stage.hint))
    this.link = new StoreLink(broker.openSessions(this), {
      clock,
      counters: lifecycle.counters,
      reportTrouble: policy.reportTrouble,
    })
    this.claims = new ClaimTable(policy.limits.maxClaims)
    this.#departures = new Departures(this.link, parts)
  }

  // The sessions of this hub

  /** A new id, which shows other hubs that the store may not know the session yet. */
  newId(): string {
    const { policy, registry } = this.#parts
    return newSessionId(registry.newSecret(), policy.ports.clock.wall())
  }

  begun({ id, key }: SessionRecord): void {
    const owned = new OwnedSession(this.link, id, keyHash(key))
    this.#owned.set(id, owned)
    owned.begin()
  }

  /** The hub has taken a session that another one had. */
  arrived(record: SessionRecord, token: SessionToken, snapshot: SessionSnapshot): void {
    const { id, key } = record
    const mailbox = new Mailbox(this.link, id, snapshot, {
      deliver: (body) => record.reply({ body, bytes: bodyBytes(body) }),
    })
    this.#owned.set(id, new OwnedSession(this.link, id, keyHash(key), token, mailbox))
    void mailbox.read()
  }

  ended({ id }: SessionRecord, tombstone: Omit<Tombstone, 'key'>): void {
    const owned = this.#owned.get(id)
    if (!owned) return
    this.#owned.delete(id)
    this.#endings.add(owned, tombstone)
  }

  /** The client does not wait for the answer to that request any more, whose handler may run on another hub. */
  abort({ id }: SessionRecord, request: number): void {
    this.#owned.get(id)?.abort(request)
  }

  /** What the snapshot of a session has to say of its mailbox. */
  mailOf({ id }: SessionRecord): Pick<SessionSnapshot, 'mailbox' | 'running'> {
    const { position = 0, running = [] } = this.#owned.get(id)?.mailbox ?? {}
    return { mailbox: position, running }
  }

  /** Asks the client to dial again, and then parks the session. */
  park(record: SessionRecord): void {
    const { stage } = this.#parts
    if (record.stage !== 'confirmed') return
    if (!record.line || !record.canPark) return record.depart(1012, stage.hint)
    record.askToPark(stage.after, parkTimeout)
    this.#leaving.add(record)
  }

  /** Whether one more session may be parked. */
  hasRoom(record: SessionRecord): boolean {
    return this.#departures.hasRoom(record)
  }

  /** Parks a session that is fenced. */
  depart(
    record: SessionRecord,
    state: ParkedState,
    queued: readonly Queued<Body>[],
    endpoint: Endpoint | undefined,
  ): Departure {
    const { id, key } = record
    const owned = this.#owned.get(id) ?? new OwnedSession(this.link, id, keyHash(key))
    this.#owned.delete(id)
    this.#leaving.delete(record)
    return this.#departures.add(record, owned, state, queued, endpoint)
  }

  /** Resolves when the session is not being parked any more: false if that takes longer than so many milliseconds. */
  parked(id: string, timeout: number): Promise<boolean> {
    return this.#departures.parked(id, timeout)
  }

  /** Puts a session back that this hub was given, and cannot go on with. */
  giveBack(id: string, token: SessionToken): void {
    const until = this.link.clock.now() + returnTimeout
    this.wait(
      this.link.repeat(
        (node) => node.giveBack(id, token),
        () => this.link.clock.now() < until,
      ),
    )
  }

  /** The hub waits for that when it closes. */
  wait(call: Promise<unknown>): void {
    const over = (): void => void this.#pending.delete(call)
    this.#pending.add(call)
    call.then(over, over)
  }

  // What other hubs want

  asked(request: ReleaseRequest): void {
    this.#guard(() => this.#asked(checkRequest(request)))
  }

  lost(session: string, token: SessionToken): void {
    this.#guard(() => {
      const owned = this.#owned.get(session)
      if (!owned?.token || owned.token.attempt !== token.attempt) return
      // Another hub may have a later cursor than this one.
      owned.mailbox?.close()
      this.#owned.delete(session)
      const { lifecycle, registry } = this.#parts
      lifecycle.during(() => registry.sessions.get(session)?.end('unknown', 4410))
    })
  }

  posted(session: string): void {
    void this.#owned.get(session)?.mailbox?.read()
  }

  aborted(session: string, requests: readonly number[]): void {
    this.#guard(() => this.#departures.aborted(session, requests))
  }

  // The end of the hub

  /**
   * Resolves when what has departed is parked and everything is posted, within some seconds; and when the handlers that still run for it
   * have answered, within `wait` milliseconds.
   */
  async settled(wait: number): Promise<void> {
    await this.#departures.settled(postTimeout, wait)
    await this.#departures.posted(postTimeout)
  }

  async close(): Promise<void> {
    this.#leaving.clear()
    // What is posted from here on would not leave any more.
    this.#departures.close()
    await this.#departures.posted(postTimeout)
    await this.#within(postTimeout, this.#quiet())
    await this.#within(endTimeout, this.#endings.over)
    await this.link.close()
  }

  /** Resolves when no call is pending: a claim that is over may have a session to give back. */
  async #quiet(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending)
  }

  async #within(timeout: number, promise: Promise<unknown>): Promise<void> {
    await withinTime(this.link.clock, timeout, promise).catch(() => {})
  }

  #asked({ session, token, claim }: ReleaseRequest): void {
    const { lifecycle, registry } = this.#parts
    const owned = this.#owned.get(session)
    const record = registry.sessions.get(session)
    if (!owned || !record) return this.#disown(session, token)
    if (owned.token?.attempt !== token.attempt || record.dials.isLate(claim)) return
    lifecycle.during(() => {
      if (record.identity !== claim.identity) return record.end('identity', 4410)
      // Its client has just shown that it knows of the session.
      if (record.stage === 'provisional') record.confirm()
      record.depart(claim.client === record.dials.client ? 1000 : 4409)
    })
  }

  /** The store says that this hub has a session, and it has not. */
  #disown(session: string, token: SessionToken): void {
    if (this.#departures.isParking(session) || this.claims.has(session)) return
    const tombstone = this.#parts.registry.tombstones.find(session)
    if (!tombstone) return this.giveBack(session, token)
    void this.link.call((node) => node.end(session, token, tombstone)).catch(() => {})
  }

  /** A store is another program: what it says may be anything. */
  #guard(what: () => void): void {
    try {
      what()
    } catch (error) {
      this.link.failed(error)
    }
  }
}

/** A broker that keeps sessions. */
type SharingBroker = Pick<Required<Broker>, 'openSessions'>

export function keepsSessions(broker: Broker): broker is Required<Broker> {
  return broker.openSessions !== undefined
}
