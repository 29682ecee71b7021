import type { Broker, BrokerListener, BrokerNode, LogBounds, NewEntry } from './broker.ts'
import type { LogRange, LogSlice, Position } from './broker.ts'
import { Feed } from './feed.ts'
import type { FeedHost } from './feed.ts'
import { pageOf, rangeOf } from './history.ts'
import type { HistoryPage, HistoryRange } from './history.ts'
import type { KindPolicy } from './kinds.ts'
import type { Policy } from '../policy.ts'
import { withinTime } from './within-time.ts'

/** How long the broker may take to answer, in milliseconds. */
const brokerTimeout = 5_000
const shortestRetry = 250
const longestRetry = 10_000

/** The feeds of a hub, and its node of the broker, which is opened with the first use. */
export class Feeds implements FeedHost, BrokerListener {
  readonly clock: FeedHost['clock']
  readonly #policy: Policy
  readonly #broker: Broker
  readonly #feeds = new Map<string, Feed>()
  #node: BrokerNode | undefined

  constructor(policy: Policy, broker: Broker) {
    this.clock = policy.ports.clock
    this.#policy = policy
    this.#broker = broker
  }

  get size(): number {
    return this.#feeds.size
  }

  find(channel: string): Feed | undefined {
    return this.#feeds.get(channel)
  }

  /** The feed of a channel, to add a subscriber to. */
  open(channel: string, kind: KindPolicy): Feed {
    let feed = this.#feeds.get(channel)
    if (!feed) this.#feeds.set(channel, (feed = new Feed(this, channel, kind)))
    return feed
  }

  /** Whether there may be one more channel, if this one is not used yet. */
  canOpen(channel: string): boolean {
    return this.#feeds.size < this.#policy.limits.maxChannels || this.#feeds.has(channel)
  }

  /** Reads a part of the history, up to that many bytes. */
  async history(channel: string, range: HistoryRange, maxBytes: number): Promise<HistoryPage> {
    let slice = await this.read(channel, rangeOf(range))
    const { before } = range
    if (before === undefined || slice.head.offset + 1 >= before) return pageOf(slice, range, maxBytes)
    // There is nothing at or above that offset.
    const newest = { limit: range.limit, before: undefined }
    slice = await this.read(channel, rangeOf(newest))
    return pageOf(slice, newest, maxBytes)
  }

  async append(channel: string, publication: NewEntry, bounds: LogBounds): Promise<Position> {
    // Those who joined before get it, as users of rooms expect.
    const opening = this.#feeds.get(channel)?.opening
    if (opening) await opening
    return this.#within(this.#use().append(channel, publication, bounds))
  }

  // For the feeds

  subscribe(channel: string): Promise<void> {
    return this.#within(this.#use().subscribe(channel))
  }

  read(channel: string, range: LogRange): Promise<LogSlice> {
    return this.#within(this.#use().read(channel, range))
  }

  failed(error: unknown): void {
    this.#policy.reportTrouble('broker', error)
  }

  retryDelay(failures: number): number {
    return Math.min(longestRetry, shortestRetry * 2 ** Math.min(failures, 10))
  }

  closed(feed: Feed): void {
    if (this.#feeds.get(feed.name) !== feed) return
    this.#feeds.delete(feed.name)
    this.#node?.unsubscribe(feed.name)
  }

  // From the broker

  published: BrokerListener['published'] = (channel, epoch, entry) => {
    this.#feeds.get(channel)?.published(epoch, entry)
  }

  memberChanged: BrokerListener['memberChanged'] = () => {}

  reset = (): void => {
    for (const feed of this.#feeds.values()) feed.reset()
  }

  /** Ends all feeds, and resolves when the broker is left. */
  async close(): Promise<void> {
    for (const feed of [...this.#feeds.values()]) feed.close()
    const node = this.#node
    this.#node = undefined
    if (!node) return
    try {
      await this.#within(node.close())
    } catch (error) {
      this.failed(error)
    }
  }

  #use(): BrokerNode {
    return (this.#node ??= this.#broker.open(this))
  }

  #within<T>(promise: Promise<T>): Promise<T> {
    return withinTime(this.clock, brokerTimeout, promise)
  }
}
