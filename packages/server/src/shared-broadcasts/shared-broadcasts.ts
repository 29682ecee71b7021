import { checkTime, misuse } from '@holdfast/protocol'
import type { SendOptions } from '@holdfast/protocol'
import type { BroadcastExceptions } from '../broadcast-exceptions.ts'
import type { Broadcasts } from '../broadcasts.ts'
import type { Place, Position } from '../channels/broker.ts'
import type { Feed, Subscriber } from '../channels/feed.ts'
import type { HubChannels } from '../channels/hub-channels.ts'
import { unknownKind } from '../channels/kinds.ts'
import type { KindPolicy } from '../channels/kinds.ts'
import { positionOf } from '../channels/log.ts'
import type { Log } from '../channels/log.ts'
import type { Publication } from '../channels/publication.ts'
import { withinTime } from '../channels/within-time.ts'
import type { Encoded } from '../encoded.ts'
import type { Lifecycle } from '../lifecycle.ts'
import type { BroadcastState } from '../moves/snapshot.ts'
import type { Outbound } from '../outbound.ts'
import type { Policy } from '../policy.ts'
import type { Registry } from '../registry.ts'
import type { SessionRecord } from '../session-record.ts'
import type { HubStage } from '../stage.ts'
import { Arrival } from './arrival.ts'
import type { ArrivalHost } from './arrival.ts'
import { broadcastsOf, encodeBroadcast, isExcepted } from './entry.ts'
import type { SharedBroadcast } from './entry.ts'
import { BroadcastQueue } from './queue.ts'

interface OwnBroadcast {
  readonly message: Encoded
  readonly how: SendOptions
  isFor(record: SessionRecord): boolean
  /** Where it is in the log, once that is known. */
  position: Position | undefined
}

/** The channel of the broadcasts, whose name no application can use, because it has no kind. */
const logName = ':all'
/** How long broadcasts are kept beyond the time that a session may be parked, in milliseconds. */
const margin = 60_000
const retryDelay = 1_000
const closeTimeout = 5_000

interface SharedBroadcastsParts {
  readonly policy: Policy
  readonly stage: HubStage
  readonly lifecycle: Lifecycle
  readonly registry: Registry
  readonly channels: HubChannels
  readonly outbound: Outbound
  /** Sends to sessions of this hub. */
  readonly broadcasts: Broadcasts
}

/**
 * The broadcasts of all hubs that share a broker. A hub sends its own at once to its sessions, in order with everything else, and
 * appends them to one log, which every hub reads for those of the others. What a session has of that log moves with it, so that it gets
 * each broadcast once, on whatever hub it is.
 */
export class SharedBroadcasts implements Subscriber, ArrivalHost {
  readonly position = undefined
  readonly #parts: SharedBroadcastsParts
  readonly #queue: BroadcastQueue
  readonly #kind: KindPolicy
  /** The broadcasts of this hub that it has not read in the log. All sessions have them, but those of `#arrivals` that wait. */
  readonly #own = new Map<string, OwnBroadcast>()
  /** The sessions that do not have the same as all others. */
  readonly #arrivals = new Map<SessionRecord, Arrival>()
  #feed: Feed | undefined
  /** What the sessions have of the log; undefined until it was read. */
  #at: Position | undefined
  readonly #timers = new Set<unknown>()
  #isOpen = false
  #isClosed = false

  constructor(parts: SharedBroadcastsParts) {
    const { policy, registry, channels } = parts
    const { maxBufferedMessages: maxMessages, maxBufferedBytes: maxBytes } = policy.limits
    const bounds = { maxMessages, maxBytes, maxAge: policy.sessionTimeout + margin }
    this.#parts = parts
    this.#kind = { ...unknownKind(''), bounds }
    this.#queue = new BroadcastQueue({
      clock: policy.ports.clock,
      limits: policy.limits,
      newId: registry.newSecret,
      append: (id, text) => channels.appendOwn(logName, { id, text }, bounds),
      failed: (error) => channels.failed(error),
      appended: (ids, position) => this.#appended(ids, position),
      dropped: (ids) => this.#dropped(ids),
    })
  }

  /** From now on there are sessions that get the broadcasts of other hubs. */
  open(): void {
    if (this.#feed || this.#isClosed) return
    this.#isOpen = true
    this.#feed = this.#parts.channels.openOwn(logName, this.#kind)
    this.#feed.add(this)
  }

  /** @throws {HoldfastError} `misuse` */
  send(message: Encoded, how: SendOptions, excepted: BroadcastExceptions): void {
    const { broadcasts, lifecycle, registry, stage } = this.#parts
    if (excepted.isExcepted)
      throw misuse('other hubs cannot call the function: except peers or identities, or set local')
    checkTime('ttl', how.ttl)
    const { peers, identities } = excepted
    // The peers of this hub are excepted by what it says of them, should they move.
    const strangers = [...peers.values()].filter(({ id }) => !registry.peers.has(id))
    const except = { identities, keys: strangers.map(({ memberKey }) => memberKey) }
    const id = registry.newSecret()
    const isFor = (record: SessionRecord): boolean => !peers.has(record.id) && !isExcepted(except, record)
    lifecycle.during(() => {
      if (stage.isSending && this.#isOpen) {
        const isNow = (record: SessionRecord): boolean => !this.#arrivals.get(record)?.isWaiting
        broadcasts.send(...this.#split((record) => isFor(record) && isNow(record)), message, how)
        this.#own.set(id, { message, how, isFor, position: undefined })
        for (const { isWaiting, also } of this.#arrivals.values()) if (!isWaiting) also.add(id)
      }
      this.#queue.add(id, encodeBroadcast(id, message.body, how, except))
    })
  }

  /** What the next hub has to know of a session; undefined if this one has not read the log. */
  stateOf(record: SessionRecord): BroadcastState | undefined {
    const arrival = this.#arrivals.get(record)
    const position = arrival?.position ?? this.#at
    return position && { position, also: [...(arrival?.also ?? this.#own.keys())] }
  }

  /** A session has come from another hub. */
  arrived(record: SessionRecord, state: BroadcastState | undefined): void {
    this.open()
    if (!state || record.stage === 'ended') return
    const arrival = new Arrival(this, record, state)
    this.#arrivals.set(record, arrival)
    this.#feed?.add(arrival)
  }

  /** A session has left this hub. */
  forget(record: SessionRecord): void {
    const arrival = this.#arrivals.get(record)
    if (!arrival) return
    this.#arrivals.delete(record)
    this.#feed?.delete(arrival)
  }

  /** Resolves when the broadcasts of this hub are in the log, within some seconds. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const timer of this.#timers) this.#parts.policy.ports.clock.clearTimer(timer)
    await withinTime(this.#parts.policy.ports.clock, closeTimeout, this.#queue.settled()).catch(() => {})
    this.#queue.close()
  }

  // For the feed

  begin(log: Log): void {
    this.#goOn(log)
  }

  refused(): void {
    this.#feed = undefined
    this.#later(() => this.open())
  }

  deliver({ entry }: Publication, before: Place): void {
    const { epoch } = this.#feed!.log!
    this.#parts.lifecycle.during(() => {
      if (!this.#parts.stage.isSending) this.#hold(positionOf(epoch, before))
      for (const broadcast of broadcastsOf(entry)) this.#deliver(broadcast)
      this.#at = positionOf(epoch, entry)
      for (const arrival of this.#arrivals.values())
        if (arrival.reach(entry.offset)) this.#synchronized(arrival)
        else this.#tidy(arrival)
    })
  }

  missed(log: Log): void {
    this.#goOn(log)
    for (const arrival of this.#arrivals.values()) if (arrival.reach(Infinity)) this.#synchronized(arrival)
    this.#warn()
  }

  /** Goes on with what comes after the log. */
  #goOn(log: Log): void {
    this.#at = log.end
    this.#forgetOwn(
      [...this.#own].filter(([, { position }]) => position && isPast(position, log.end)).map(([id]) => id),
    )
  }

  #deliver({ id, message, how, except }: SharedBroadcast): void {
    const isOwn = this.#own.delete(id)
    if (isOwn && this.#arrivals.size === 0) return
    const [recipients, others] = this.#split((record) => {
      const arrival = this.#arrivals.get(record)
      return !(arrival ? arrival.skips(id) : isOwn) && !isExcepted(except, record)
    })
    if (recipients.length === 0) return
    try {
      this.#parts.broadcasts.send(recipients, others, message, how)
    } catch (error) {
      // Another hub has sent what this one does not understand.
      this.#parts.policy.reportTrouble('broadcasts', error)
    }
  }

  /** A hub that drains sends nothing new to sessions that stay until it closes: another hub will. */
  #hold(before: Position): void {
    for (const record of this.#parts.registry.sessions.values()) {
      if (record.stage !== 'confirmed' || record.isMoving) continue
      const known = this.#arrivals.get(record)
      const arrival = known ?? new Arrival(this, record, { position: before, also: [...this.#own.keys()] })
      if (!known) this.#arrivals.set(record, arrival)
      arrival.isBehind = true
      arrival.position ??= before
    }
  }

  // For sessions that arrive

  catchUp(arrival: Arrival, log: Log): void {
    this.#feed?.delete(arrival)
    if (this.#arrivals.get(arrival.record) !== arrival || !this.#parts.stage.isSending) return
    this.#parts.lifecycle.during(() => this.#goOnAfter(arrival, log))
  }

  #goOnAfter(arrival: Arrival, log: Log): void {
    const position = arrival.position!
    const isOfLog = position.epoch === log.epoch
    const missed = log.since(position)
    arrival.isBehind = false
    // The broker has not brought to this hub yet what the session has.
    if (isOfLog && position.offset > log.head.offset) return
    arrival.position = undefined
    if (missed)
      for (const entry of missed) for (const each of broadcastsOf(entry)) this.#repeat(arrival, each)
    else if (isOfLog && position.offset < log.before.offset) return arrival.record.end('overflow', 4410)
    else this.#warn()
    this.#synchronized(arrival)
  }

  failed(arrival: Arrival): void {
    this.#later(() => {
      if (this.#arrivals.get(arrival.record) !== arrival) return
      this.open()
      this.#feed?.add(arrival)
    })
  }

  #repeat({ also, record }: Arrival, { id, message, how, except }: SharedBroadcast): void {
    if (also.delete(id) || how.volatile || isExcepted(except, record)) return
    this.#parts.outbound.postToAll([record], message, how)
  }

  /** A session has of the log what this hub has: it gets the broadcasts of this hub that are not there yet. */
  #synchronized(arrival: Arrival): void {
    const { also, record } = arrival
    const { lifecycle, outbound } = this.#parts
    lifecycle.during(() => {
      for (const [id, { message, how, isFor }] of this.#own) {
        if (also.has(id)) continue
        also.add(id)
        if (!how.volatile && isFor(record)) outbound.postToAll([record], message, how)
      }
      this.#tidy(arrival)
    })
  }

  /** A session that has the same as all others needs no record of its own. */
  #tidy({ isWaiting, also, record }: Arrival): void {
    if (isWaiting || also.size !== this.#own.size) return
    if ([...also].every((id) => this.#own.has(id))) this.#arrivals.delete(record)
  }

  /** The confirmed sessions: those that a broadcast is for, and the others. */
  #split(isFor: (record: SessionRecord) => boolean): [recipients: SessionRecord[], others: SessionRecord[]] {
    const [recipients, others]: [SessionRecord[], SessionRecord[]] = [[], []]
    for (const record of this.#parts.registry.sessions.values())
      if (record.stage === 'confirmed') (isFor(record) ? recipients : others).push(record)
    return [recipients, others]
  }

  #appended(ids: readonly string[], position: Position): void {
    if (this.#at && isPast(position, this.#at)) return this.#forgetOwn(ids)
    for (const id of ids) {
      const own = this.#own.get(id)
      if (own) own.position = position
    }
  }

  #forgetOwn(ids: readonly string[]): void {
    for (const id of ids) this.#own.delete(id)
    // A session that is behind may find them in the log.
    for (const { isBehind, also } of this.#arrivals.values())
      if (!isBehind) for (const id of ids) also.delete(id)
  }

  #dropped(ids: readonly string[]): void {
    this.#forgetOwn(ids)
    this.#parts.policy.warn(
      'broadcasts',
      'broadcasts did not reach the other hubs, because the broker failed',
    )
  }

  #warn(): void {
    this.#parts.policy.warn(
      'broadcasts',
      'broadcasts of other hubs are lost, because the broker has lost its data',
    )
  }

  #later(run: () => void): void {
    const timer = this.#parts.policy.ports.clock.setTimer(() => {
      this.#timers.delete(timer)
      if (!this.#isClosed) run()
    }, retryDelay)
    this.#timers.add(timer)
  }
}

/** Whether a place of a log does not come any more for a reader that is there. */
function isPast({ epoch, offset }: Position, at: Position): boolean {
  return epoch !== at.epoch || offset <= at.offset
}
