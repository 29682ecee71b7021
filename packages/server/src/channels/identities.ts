import { bodyBytes, misuse, utf8Length } from '@holdfast/protocol'
import type { Outbound } from '../outbound.ts'
import type { Registry } from '../registry.ts'
import type { SessionRecord } from '../session-record.ts'
import type { LogBounds } from './broker.ts'
import type { ChannelParts } from './channel-parts.ts'
import type { Subscriber } from './feed.ts'
import { unknownKind } from './kinds.ts'
import type { KindPolicy } from './kinds.ts'
import type { Publication } from './publication.ts'

/** What is to be done with all sessions of an identity. */
type Order = readonly [identity: string, what: 'send' | 'join' | 'leave', channel?: string]

/** What the orders need of the hub. */
export interface IdentityHost {
  readonly registry: Pick<Registry, 'sessions'>
  readonly outbound: Pick<Outbound, 'encode' | 'postToAll'>
  /** `data` is that of a member, if it is given. */
  join(record: SessionRecord, channel: string, data: unknown): void
  leave(record: SessionRecord, channel: string): void
}

/** The channel of the orders, whose name no application can use, because it has no kind. */
const ordersChannel = ':'
/** The orders that a hub can catch up with after its broker has failed. */
const bounds: LogBounds = { maxMessages: 1_000, maxBytes: 1_048_576, maxAge: 60_000 }
const kind: KindPolicy = { ...unknownKind(''), bounds }

/**
 * Sends to all sessions of an identity, on all hubs that share the broker: every hub receives the orders by one channel, and
 * carries out those for its own sessions.
 */
export class Identities implements Subscriber {
  readonly position = undefined
  readonly #parts: ChannelParts
  readonly #host: IdentityHost
  /** The confirmed sessions of each identity. */
  readonly #sessions = new Map<string, Set<SessionRecord>>()

  constructor(parts: ChannelParts, host: IdentityHost) {
    this.#parts = parts
    this.#host = host
    for (const record of host.registry.sessions.values()) if (record.stage === 'confirmed') this.add(record)
    parts.feeds.open(ordersChannel, kind).attach(this)
  }

  add(record: SessionRecord): void {
    const { identity } = record
    if (identity === null) return
    const records = this.#sessions.get(identity)
    if (records) records.add(record)
    else this.#sessions.set(identity, new Set([record]))
  }

  delete(record: SessionRecord): void {
    const { identity } = record
    if (identity === null) return
    const records = this.#sessions.get(identity)
    if (records?.delete(record) && records.size === 0) this.#sessions.delete(identity)
  }

  /** @throws {HoldfastError} `misuse` */
  async send(identity: string, event: string, data: unknown, id: string): Promise<void> {
    const { body } = this.#host.outbound.encode(event, data)
    if (typeof body !== 'string') throw misuse('hub.to sends JSON only: encode bytes as text')
    await this.#append([identity, 'send'], body, id)
  }

  async join(identity: string, channel: string, data: unknown, id: string): Promise<void> {
    await this.#append([identity, 'join', channel], JSON.stringify(data) ?? '', id)
  }

  async leave(identity: string, channel: string, id: string): Promise<void> {
    await this.#append([identity, 'leave', channel], '', id)
  }

  async #append(order: Order, rest: string, id: string): Promise<void> {
    const { feeds, limits } = this.#parts
    // JSON has no line breaks, so that only the order has to be parsed.
    const text = `${JSON.stringify(order)}\n${rest}`
    if (utf8Length(text) > limits.maxPublicationBytes)
      throw misuse('the message is too large: send less, or raise maxPublicationBytes')
    await feeds.append(ordersChannel, { id, text }, bounds)
  }

  // For the feed: there is nothing before the beginning that counts.
  begin(): void {}
  refused(): void {}

  missed(): void {
    this.#parts.warn('identities', 'messages of hub.to are lost, because the broker has lost its data')
  }

  deliver({ entry: { text } }: Publication): void {
    const end = text.indexOf('\n')
    try {
      const order = JSON.parse(text.slice(0, end)) as Order
      const records = this.#sessions.get(order[0])
      if (records) this.#carryOut(order, text.slice(end + 1), [...records])
    } catch (error) {
      this.#parts.reportTrouble('identities', error)
    }
  }

  #carryOut([, what, channel = '']: Order, rest: string, records: readonly SessionRecord[]): void {
    const { outbound, join, leave } = this.#host
    if (what === 'send')
      return outbound.postToAll(records, { body: rest, bytes: bodyBytes(rest), shared: undefined }, {})
    const data: unknown = rest === '' ? undefined : JSON.parse(rest)
    for (const record of records)
      if (what === 'join') join(record, channel, data)
      else leave(record, channel)
  }
}
