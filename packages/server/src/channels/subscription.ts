import { answerOf } from './answer.ts'
import type { Place, Position } from './broker.ts'
import type { Feed, Subscriber } from './feed.ts'
import { positionOf } from './log.ts'
import type { Log } from './log.ts'
import type { Attendance } from './peer-presence.ts'
import type { Publication } from './publication.ts'
import type { SlowSubscriber } from './slow-subscribers.ts'
import { unavailable } from './verdict.ts'
import type { Refusal } from './verdict.ts'

/** The client of a subscription, on its connection. */
export interface SubscriptionClient {
  /** The largest message that the client accepts, in bytes. */
  readonly maxPayload: number
  /** Whether its socket takes more publications. */
  readonly hasRoom: boolean
  write(frame: string): void
  tell(content: object): void
  /** The subscription is skipped until it has caught up. */
  lags(subscription: SlowSubscriber): void
  /** Counts something that happened to a subscription. */
  count(what: 'recoveries' | 'gaps'): void
  /** The client was notified that it is subscribed. */
  began(name: string, subscription: Subscription): void
  /** The subscription could not begin. */
  refused(name: string, subscription: Subscription, refusal: Refusal): void
}

/** Of a subscriber that does not know what it has missed. */
const nowhere: Position = { epoch: '', offset: 0, id: '' }

/** A channel that a client has joined on its connection. A class with few members, because there are many. */
export class Subscription implements Subscriber, SlowSubscriber {
  readonly n: number
  /** How the client attends, if its kind has presence. */
  attendance: Attendance | undefined
  /**
   * What the client has: before the beginning as it said, and while publications are skipped for it. Undefined otherwise: it has what
   * the feed has.
   */
  position: Position | undefined
  readonly #client: SubscriptionClient
  #feed: Feed | undefined
  /** `live` if it gets publications as they come, `slow` while they are skipped for it. */
  #stage: 'asking' | 'waiting' | 'slow' | 'live' = 'asking'

  constructor(client: SubscriptionClient, n: number, position: Position | undefined) {
    this.#client = client
    this.n = n
    this.attendance = undefined
    this.position = position
  }

  /** The client was notified that it is subscribed. */
  get hasBegun(): boolean {
    return this.#stage === 'live' || this.#stage === 'slow'
  }

  /** The client may subscribe. */
  allow(feed: Feed, attendance: Attendance | undefined): void {
    this.#feed = feed
    this.attendance = attendance
    this.#stage = 'waiting'
    feed.add(this)
  }

  end(): void {
    this.#feed?.delete(this)
  }

  begin(log: Log): void {
    const { at, missed, gap, from } = answerOf(log, this.position, this.#feed!.kind)
    const head = { joined: this.#feed!.name, n: this.n, at: [at.epoch, at.offset, at.id] }
    this.#client.tell(missed === undefined ? { ...head, gap } : { ...head, missed })
    if (this.position) this.#client.count(missed === undefined ? 'gaps' : 'recoveries')
    this.#goOn(log, from)
    this.#client.began(this.#feed!.name, this)
  }

  refused(): void {
    this.#client.refused(this.#feed!.name, this, unavailable)
  }

  deliver(publication: Publication, before: Place): void {
    if (this.#stage !== 'live') return
    const client = this.#client
    if (!client.hasRoom) this.#skip(before)
    else if (publication.bytes > client.maxPayload) this.#omit(publication)
    else client.write(publication.frame)
  }

  missed(log: Log): void {
    this.#tellGap(log, this.position ?? nowhere)
  }

  catchUp(): boolean {
    // What this one gets from the log now.
    this.#feed!.deliver()
    const log = this.#feed!.log!
    const position = this.position!
    if (log.since(position)) this.#goOn(log, position)
    else this.#tellGap(log, position)
    return this.#stage === 'live'
  }

  #tellGap(log: Log, position: Position): void {
    const { at, gap, from } = answerOf(log, position, this.#feed!.kind)
    this.#client.tell({ gap: this.#feed!.name, at: [at.epoch, at.offset, at.id], missed: gap })
    this.#client.count('gaps')
    this.#goOn(log, from)
  }

  /** The publications above a place are skipped. */
  #skip(from: Place): void {
    this.#stage = 'slow'
    this.position = positionOf(this.#feed!.log!.epoch, from)
    this.#client.lags(this)
  }

  /** Sends what is above a place, as far as there is room. */
  #goOn(log: Log, from: Place): void {
    const client = this.#client
    this.#stage = 'slow'
    this.position = positionOf(log.epoch, from)
    for (const entry of log.since(this.position) ?? []) {
      if (!client.hasRoom) return client.lags(this)
      const publication = this.#feed!.publicationOf(entry)
      if (publication.bytes > client.maxPayload) this.#omit(publication)
      else client.write(publication.frame)
      this.position = positionOf(log.epoch, entry)
    }
    this.position = undefined
    this.#stage = 'live'
  }

  /** A publication is larger than the client accepts. */
  #omit({ entry: { offset, id } }: Publication): void {
    const { name, log } = this.#feed!
    this.#client.tell({ gap: name, at: [log!.epoch, offset, id], missed: 1 })
    this.#client.count('gaps')
  }
}
