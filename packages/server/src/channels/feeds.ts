import type { Clock } from '@holdfast/protocol'
import type { Limits } from '../limits.ts'
import type { BrokerLink } from './broker-link.ts'
import type { LogBounds, LogRange, LogSlice, NewEntry, Position } from './broker.ts'
import { Feed } from './feed.ts'
import type { FeedHost } from './feed.ts'
import { pageOf, rangeOf } from './history.ts'
import type { HistoryPage, HistoryRange } from './history.ts'
import type { KindPolicy } from './kinds.ts'
import type { Turn } from './turn.ts'

const shortestRetry = 250
const longestRetry = 10_000

/** The feeds of a hub: of the channels that have subscribers. */
export class Feeds implements FeedHost {
  readonly clock: Clock
  readonly #limits: Limits
  readonly #link: BrokerLink
  readonly #turn: Turn
  readonly #feeds = new Map<string, Feed>()

  constructor(limits: Limits, link: BrokerLink, turn: Turn) {
    this.clock = link.clock
    this.#limits = limits
    this.#link = link
    this.#turn = turn
    link.onPublication = (channel, ...publication) => this.#feeds.get(channel)?.published(...publication)
    link.onReset(() => {
      for (const feed of this.#feeds.values()) feed.reset()
    })
  }

  get size(): number {
    return this.#feeds.size
  }

  find(channel: string): Feed | undefined {
    return this.#feeds.get(channel)
  }

  /** Whether there may be one more channel, if this one is not used yet. */
  canOpen(channel: string): boolean {
    return this.#feeds.size < this.#limits.maxChannels || this.#feeds.has(channel)
  }

  /** The feed of a channel, to add a subscriber to. */
  open(channel: string, kind: KindPolicy): Feed {
    let feed = this.#feeds.get(channel)
    if (!feed) this.#feeds.set(channel, (feed = new Feed(this, channel, kind)))
    return feed
  }

  async append(channel: string, publication: NewEntry, bounds: LogBounds): Promise<Position> {
    // Those who joined before get it, as users of rooms expect.
    const opening = this.#feeds.get(channel)?.opening
    if (opening) await opening
    return this.#link.append(channel, publication, bounds)
  }

  /** Reads a part of the history, up to that many bytes. */
  async history(channel: string, range: HistoryRange, maxBytes: number): Promise<HistoryPage> {
    const slice = await this.read(channel, rangeOf(range))
    const { before } = range
    if (before === undefined || slice.head.offset + 1 >= before) return pageOf(slice, range, maxBytes)
    // There is nothing at or above that offset.
    const newest = { limit: range.limit, before: undefined }
    return pageOf(await this.read(channel, rangeOf(newest)), newest, maxBytes)
  }

  // For the feeds

  subscribe(channel: string): Promise<void> {
    return this.#link.subscribe(channel)
  }

  read(channel: string, range: LogRange): Promise<LogSlice> {
    return this.#link.read(channel, range)
  }

  failed(error: unknown): void {
    this.#link.failed(error)
  }

  retryDelay(failures: number): number {
    return Math.min(longestRetry, shortestRetry * 2 ** Math.min(failures, 10))
  }

  due(feed: Feed): void {
    this.#turn.add(feed)
  }

  closed(feed: Feed): void {
    if (this.#feeds.get(feed.name) !== feed) return
    this.#feeds.delete(feed.name)
    this.#link.unsubscribe(feed.name)
  }

  close(): void {
    for (const feed of [...this.#feeds.values()]) feed.close()
  }
}
