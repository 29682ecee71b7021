import { createHash } from 'node:crypto'
import { bodyBytes } from '@holdfast/protocol'
import type { Body, Endpoint, Queued } from '@holdfast/protocol'
import { createDeadlines } from '../deadlines.ts'
import type { Deadlines } from '../deadlines.ts'
import type { Lifecycle } from '../lifecycle.ts'
import type { Policy } from '../policy.ts'
import type { Registry } from '../registry.ts'
import type { SessionRecord } from '../session-record.ts'
import type { HubStage } from '../stage.ts'
import type { Tombstone } from '../tombstones.ts'
import { Departure } from './departure.ts'
import { Mailbox } from './mailbox.ts'
import { OwnedSession } from './owned-session.ts'
import type { Broker } from '../channels/broker.ts'
import { withinTime } from '../channels/within-time.ts'
import type {
  MailboxEntry,
  ParkedState,
  PostResult,
  ReleaseRequest,
  SessionStoreListener,
  SessionToken,
} from './session-store.ts'
import type { SessionSnapshot } from './snapshot.ts'
import { StoreLink } from './store-link.ts'

/** How long a client that is asked to move may take to finish, in milliseconds. */
const parkTimeout = 5_000
/** The same for what is still to be posted when the hub closes. */
const postTimeout = 5_000

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
  readonly #parts: MovesParts
  readonly #owned = new Map<string, OwnedSession>()
  /** The sessions that are being parked, by their ids. */
  readonly #parking = new Map<string, Promise<boolean>>()
  /** The sessions for which claims are under way. */
  readonly #claimed = new Set<string>()
  /** The departed sessions for which handlers still run. */
  readonly #working = new Set<Departure>()
  /** Calls of the store that are under way. */
  readonly #pending = new Set<Promise<unknown>>()
  /** The sessions whose clients were asked to dial again. */
  readonly #leaving: Deadlines<SessionRecord>
  #onAnswered: (() => void)[] = []
  #isClosed = false

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
  }

  // The sessions of this hub

  begun({ id, key }: SessionRecord): void {
    const owned = new OwnedSession(this.link, id)
    this.#owned.set(id, owned)
    owned.begin(keyHash(key))
  }

  /** The hub has taken a session that another one had. */
  arrived(record: SessionRecord, token: SessionToken, snapshot: SessionSnapshot): void {
    const mailbox = new Mailbox(this.link, record.id, snapshot, {
      deliver: (body) => record.reply({ body, bytes: bodyBytes(body) }),
    })
    this.#owned.set(record.id, new OwnedSession(this.link, record.id, token, mailbox))
    void mailbox.read()
  }

  /** A session that this hub was given cannot go on. */
  refuse(id: string, token: SessionToken, tombstone: Omit<Tombstone, 'key'>): void {
    new OwnedSession(this.link, id, token).end(tombstone)
  }

  ended({ id }: SessionRecord, tombstone: Omit<Tombstone, 'key'>): void {
    this.#owned.get(id)?.end(tombstone)
    this.#owned.delete(id)
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

  /** Parks a session that is fenced. */
  depart(
    record: SessionRecord,
    state: ParkedState,
    queued: readonly Queued<Body>[],
    endpoint: Endpoint | undefined,
  ): Departure {
    const { id } = record
    const owned = this.#owned.get(id) ?? new OwnedSession(this.link, id)
    this.#owned.delete(id)
    const parked = owned.park(keyHash(record.key), state, this.#parts.policy.sessionTimeout)
    this.#parking.set(id, parked)
    void parked.finally(() => {
      if (this.#parking.get(id) === parked) this.#parking.delete(id)
    })
    let last: Promise<unknown> = parked
    const parts = {
      ...this.#parts,
      post: (entry: MailboxEntry): Promise<PostResult | 'closed' | undefined> => {
        if (this.#isClosed) return Promise.resolve('closed')
        const posted = last.then(() => this.link.repeat((node) => node.post(id, entry)))
        this.wait(posted)
        last = posted
        return posted
      },
      answered: () => this.#answered(departure),
    }
    const departure = new Departure(parts, record, queued, endpoint)
    if (!departure.hasAnswered) this.#working.add(departure)
    return departure
  }

  #forget(id: string): void {
    this.#owned.get(id)?.mailbox?.close()
    this.#owned.delete(id)
  }

  /** Resolves when the session is not being parked any more. */
  async parked(id: string): Promise<void> {
    await this.#parking.get(id)
  }

  /** A client has brought that session, which this hub may be given. */
  claiming(id: string): void {
    this.#claimed.add(id)
  }

  claimed(id: string): void {
    this.#claimed.delete(id)
  }

  /** The hub waits for that when it closes. */
  wait(call: Promise<unknown>): void {
    this.#pending.add(call)
    void call.finally(() => this.#pending.delete(call))
  }

  // What other hubs want

  asked({ session, token, claim }: ReleaseRequest): void {
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

  lost(session: string, { attempt }: SessionToken): void {
    const { lifecycle, registry } = this.#parts
    if (this.#owned.get(session)?.token?.attempt !== attempt) return
    // Another hub may have a later cursor than this one.
    this.#forget(session)
    lifecycle.during(() => registry.sessions.get(session)?.end('unknown', 4410))
  }

  posted(session: string): void {
    void this.#owned.get(session)?.mailbox?.read()
  }

  // The end of the hub

  /**
   * Resolves when what has departed is parked and everything is posted, within some seconds; and when the handlers that still run for it
   * have answered, within `wait` milliseconds.
   */
  async settled(wait: number): Promise<void> {
    await this.#within(postTimeout, Promise.all(this.#parking.values()))
    const answered = new Promise<void>((resolve) => this.#onAnswered.push(resolve))
    if (this.#working.size > 0 && wait > 0) await this.#within(wait, answered)
    await this.#within(postTimeout, Promise.all(this.#pending))
  }

  async close(): Promise<void> {
    this.#leaving.clear()
    // What is posted from here on would not leave any more.
    this.#isClosed = true
    await this.#within(postTimeout, Promise.all(this.#pending))
    await this.link.close()
  }

  async #within(timeout: number, promise: Promise<unknown>): Promise<void> {
    await withinTime(this.link.clock, timeout, promise).catch(() => {})
  }

  #answered(departure: Departure): void {
    this.#working.delete(departure)
    if (this.#working.size > 0) return
    for (const resolve of this.#onAnswered) resolve()
    this.#onAnswered = []
  }

  /** The store says that this hub has a session, and it has not. */
  #disown(session: string, token: SessionToken): void {
    if (this.#parking.has(session) || this.#claimed.has(session)) return
    const tombstone = this.#parts.registry.tombstones.find(session)
    void this.link
      .call<unknown>((node) =>
        tombstone ? node.end(session, token, tombstone) : node.giveBack(session, token),
      )
      .catch(() => {})
  }
}

/** A broker that keeps sessions. */
type SharingBroker = Pick<Required<Broker>, 'openSessions'>

export function keepsSessions(broker: Broker): broker is Required<Broker> {
  return broker.openSessions !== undefined
}

/** What a store gets of the key of a session. */
export function keyHash(key: string): string {
  return createHash('sha256').update(key).digest('base64url')
}
