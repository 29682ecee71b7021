import type { Clock } from '@holdfast/protocol'
import { needsOlder } from './answer.ts'
import type { LogEntry, LogRange, LogSlice, Place, Position } from './broker.ts'
import type { KindPolicy } from './kinds.ts'
import { Log } from './log.ts'
import { Publication } from './publication.ts'

/** What receives the publications of a channel. */
export interface Subscriber {
  /** What it has so far; undefined for nothing. */
  readonly position: Position | undefined
  /** It begins, with what the log has. The next publication is the one after the head of the log. */
  begin(log: Log): void
  /** It cannot begin: the broker fails. */
  refused(): void
  /** The next publication. `before` is the place of the one before it. */
  deliver(publication: Publication, before: Place): void
  /** What it has missed up to the head of the log is lost. */
  missed(log: Log): void
}

/** What a feed needs of the hub. */
export interface FeedHost {
  readonly clock: Clock
  /** The promises reject when the broker fails, or does not answer in time. */
  subscribe(channel: string): Promise<void>
  read(channel: string, range: LogRange): Promise<LogSlice>
  /** The broker has failed. */
  failed(error: unknown): void
  /** How long to wait before the next attempt, after that many failed ones. */
  retryDelay(failures: number): number
  /** The feed has publications to {@link Feed.deliver} at the end of the turn. */
  due(feed: Feed): void
  /** The feed has no subscribers any more. */
  closed(feed: Feed): void
}

interface Arrived {
  readonly epoch: string
  readonly entry: LogEntry
  readonly before: string
}

/** A publication that is not delivered yet, and the place of the one before it. */
interface Due {
  readonly publication: Publication
  readonly before: Place
}

/** How many publications are kept that arrive while the log is read. If there are more, it is read again. */
const maxMeanwhile = 128
/** How many publications of a turn are delivered at once. */
const maxDue = 128

/**
 * A channel on this hub, for as long as it has subscribers: brings its publications to all of them, each once and in order. It
 * subscribes first and reads then, and brings nothing while it reads; a publication that is not the next one makes it read
 * again. Subscribers that are not there or not fast enough are healed from the same log.
 */
export class Feed {
  readonly name: string
  readonly kind: KindPolicy
  readonly #host: FeedHost
  readonly #nameJson: string
  /** Those that have begun. */
  readonly #subscribers = new Set<Subscriber>()
  readonly #waiting = new Set<Subscriber>()
  #log: Log | undefined
  /** The log of the broker has nothing that is older than what was read. */
  #isWhole = false
  #phase: 'idle' | 'opening' | 'reading' | 'live' | 'failed' | 'closed' = 'idle'
  /** What has arrived while the log is read; undefined if it was too much. */
  #meanwhile: Arrived[] | undefined = []
  #due: Due[] = []
  #opening: Promise<void> | undefined
  #failures = 0
  #timer: unknown

  constructor(host: FeedHost, name: string, kind: KindPolicy) {
    this.#host = host
    this.name = name
    this.kind = kind
    this.#nameJson = JSON.stringify(name)
  }

  get size(): number {
    return this.#subscribers.size
  }

  /** While it begins: resolves when it is live, or when the broker has failed. */
  get opening(): Promise<void> | undefined {
    return this.#opening
  }

  /** What is known of the log; undefined until it was read. */
  get log(): Log | undefined {
    return this.#log
  }

  /** Adds a subscriber that begins once the log is known. */
  add(subscriber: Subscriber): void {
    this.#waiting.add(subscriber)
    if (this.#phase === 'idle') this.#open()
    else if (this.#phase === 'live') this.#answer()
    else if (this.#phase === 'failed') this.#refuse()
  }

  /** Adds a subscriber that has no position: it gets what comes from now on. */
  attach(subscriber: Subscriber): void {
    this.deliver()
    this.#subscribers.add(subscriber)
    if (this.#phase === 'idle') this.#open()
  }

  delete(subscriber: Subscriber): void {
    if (!this.#waiting.delete(subscriber) && !this.#subscribers.delete(subscriber)) return
    if (this.#waiting.size + this.#subscribers.size === 0) this.close()
  }

  /** A publication has arrived from the broker. */
  published(epoch: string, entry: LogEntry, before: string): void {
    if (this.#phase === 'live') this.#take({ epoch, entry, before })
    else if (this.#phase !== 'reading') return
    else if (this.#meanwhile && this.#meanwhile.length < maxMeanwhile)
      this.#meanwhile.push({ epoch, entry, before })
    else this.#meanwhile = undefined
  }

  /** Publications may be missing. */
  reset(): void {
    if (this.#phase === 'live') void this.#read()
    // The answer to come may be older.
    else if (this.#phase === 'reading') this.#meanwhile = undefined
  }

  /** Delivers the publications of the turn. */
  deliver(): void {
    const due = this.#due
    if (due.length === 0) return
    this.#due = []
    // All of them to one subscriber after the other, for each of which much has to be loaded into the caches of the processor.
    for (const subscriber of this.#subscribers)
      for (const { publication, before } of due) subscriber.deliver(publication, before)
  }

  publicationOf(entry: LogEntry): Publication {
    return new Publication(this.#nameJson, entry)
  }

  /** There are no subscribers any more. */
  close(): void {
    if (this.#phase === 'closed') return
    this.#phase = 'closed'
    this.#host.clock.clearTimer(this.#timer)
    this.#host.closed(this)
  }

  #open(): void {
    this.#phase = 'opening'
    this.#opening = this.#subscribe()
    void this.#opening.then(() => (this.#opening = undefined))
  }

  async #subscribe(): Promise<void> {
    try {
      await this.#host.subscribe(this.name)
    } catch (error) {
      return this.#failed(error)
    }
    if (this.#phase === 'opening') await this.#read()
  }

  /** The log is read by one call at a time: the phase says that it is under way. */
  async #read(): Promise<void> {
    this.#phase = 'reading'
    this.#meanwhile = []
    const isDeep = this.#isOlderNeeded()
    try {
      const after = isDeep ? 0 : this.#log?.head.offset
      const slice = await this.#host.read(this.name, after === undefined ? { last: 0 } : { after })
      if (this.#phase !== 'reading') return
      this.#isWhole ||= isDeep
      this.#adopt(slice)
    } catch (error) {
      return this.#failed(error)
    }
    this.#failures = 0
    this.#phase = 'live'
    const meanwhile: readonly Arrived[] | undefined = this.#meanwhile
    if (!meanwhile) return void this.#read()
    for (const arrived of meanwhile) if (this.isLive) this.#take(arrived)
    this.#answer()
  }

  get isLive(): boolean {
    return this.#phase === 'live'
  }

  #adopt(slice: LogSlice): void {
    this.deliver()
    if (!this.#log) {
      this.#log = new Log(slice)
      return
    }
    const log = this.#log
    let before = log.head
    const fresh = log.adopt(slice)
    if (!fresh) {
      this.#isWhole = false
      for (const subscriber of this.#subscribers) subscriber.missed(log)
    } else
      for (const entry of fresh) {
        this.#pass(entry, before)
        before = entry
      }
    log.trim(this.kind.bounds, this.#host.clock.wall())
  }

  #take({ epoch, entry, before: idBefore }: Arrived): void {
    const log = this.#log!
    const verdict = log.take(epoch, entry, idBefore)
    if (verdict === 'old') return
    if (verdict === 'hole') return void this.#read()
    const before = log.head
    log.append(entry)
    this.#pass(entry, before)
    log.trim(this.kind.bounds, this.#host.clock.wall())
  }

  #pass(entry: LogEntry, before: Place): void {
    const count = this.#due.push({ publication: this.publicationOf(entry), before })
    if (count === 1) this.#host.due(this)
    else if (count === maxDue) this.deliver()
  }

  #isOlderNeeded(): boolean {
    if (this.#isWhole || this.kind.bounds.maxMessages === 0) return false
    for (const { position } of this.#waiting)
      if (this.#log ? needsOlder(this.#log, position, this.kind) : position || this.kind.rewind > 0)
        return true
    return false
  }

  /** Lets those begin that wait, unless older publications must be read for them. */
  #answer(): void {
    if (!this.isLive) return
    if (this.#isOlderNeeded()) return void this.#read()
    this.deliver()
    for (const subscriber of this.#waiting) {
      this.#waiting.delete(subscriber)
      this.#subscribers.add(subscriber)
      subscriber.begin(this.#log!)
    }
  }

  /** Refuses those that wait. The others keep what they have, and the feed tries again. */
  #failed(error: unknown): void {
    if (this.#phase === 'closed') return
    this.#phase = 'failed'
    this.#host.failed(error)
    const wait = this.#host.retryDelay(this.#failures++)
    this.#timer = this.#host.clock.setTimer(() => this.#open(), wait)
    this.#refuse()
  }

  #refuse(): void {
    for (const subscriber of this.#waiting) {
      this.#waiting.delete(subscriber)
      subscriber.refused()
    }
    if (this.#subscribers.size === 0) this.close()
  }
}
