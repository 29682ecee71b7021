import { countOne } from '../counters.ts'
import type { SessionRecord } from '../session-record.ts'
import type { ChannelParts } from './channel-parts.ts'
import type { JoinOptions } from './client-control.ts'
import type { KindPolicy, Permission } from './kinds.ts'
import { memberKeyOf } from './member-key.ts'
import { encodePresence } from './presence-data.ts'
import { tooMany, unavailable } from './verdict.ts'
import type { Refusal } from './verdict.ts'
import { Watching } from './watching.ts'
import type { WatchingClient } from './watching.ts'

/** How a client is present in a channel that it joins. */
export interface Attendance {
  /** JSON; undefined for none. */
  readonly data: string | undefined
  /** It wants to know the other members. */
  readonly isWatching: boolean
}

interface Membership {
  /** The number of rounds in a row in which the client was connected and had not joined. */
  missedRounds: number
}

/** After how many rounds of heartbeats a connected client that has not joined again is no member any more. */
const maxMissedRounds = 2

/**
 * The channels in which a session is a member, and those whose members its client wants to know. A session stays a member while
 * its client is disconnected, so that other members do not see it leave and come back.
 */
export class PeerPresence {
  readonly #parts: ChannelParts
  readonly #record: SessionRecord
  readonly #client: WatchingClient
  readonly #memberships = new Map<string, Membership>()
  readonly #watching = new Map<string, Watching>()
  /** Made with the first membership. */
  #key: string | undefined

  constructor(parts: ChannelParts, record: SessionRecord, client: WatchingClient) {
    this.#parts = parts
    this.#record = record
    this.#client = client
  }

  /** Decides how a client attends a channel that it may join. */
  attend(
    channel: string,
    { kind, presence }: KindPolicy,
    permission: Permission,
    options: JoinOptions,
  ): Attendance | Refusal | undefined {
    if (!presence) return undefined
    const { counters, limits, presences, reportTrouble } = this.#parts
    if (!this.#memberships.has(channel) && presences.own.count(channel) >= limits.maxPresenceMembers) {
      countOne(counters.limitHits, 'maxPresenceMembers')
      return tooMany
    }
    const isOwn = presence.clientData && 'data' in options
    try {
      const data = encodePresence(isOwn ? options.data : permission.presence, this.#parts)
      return { data, isWatching: options.presence }
    } catch (error) {
      if (isOwn) return { isAllowed: false, why: 'too-large' }
      reportTrouble(`channels ${kind}`, error)
      return unavailable
    }
  }

  /** The client has joined. */
  begin(channel: string, kind: KindPolicy, { data, isWatching }: Attendance): void {
    this.#set(channel, data)
    if (!isWatching) return
    const watching = new Watching(this.#client, channel)
    this.#watching.set(channel, watching)
    this.#parts.presences.watch(channel, kind.presence?.by === 'identity', watching)
  }

  /**
   * Makes the session a member for the application.
   *
   * @throws {HoldfastError} `misuse` for data that is too large, nests too deep, or is not JSON
   */
  enter(channel: string, data: unknown): void {
    this.#set(channel, encodePresence(data, this.#parts))
  }

  /** The client has other data. */
  change(channel: string, kind: KindPolicy | undefined, data: unknown): void {
    if (!kind?.presence?.clientData || !this.#memberships.has(channel)) return
    try {
      this.enter(channel, data)
    } catch {
      const { limits, warn } = this.#parts
      warn(
        'presence',
        `the presence data of a client exceeds maxPresenceBytes, ${limits.maxPresenceBytes}, or nests too deep, and is ignored`,
      )
    }
  }

  /** The client does not want to know the members any more, or is disconnected. */
  unwatch(channel: string): void {
    const watching = this.#watching.get(channel)
    if (!watching) return
    this.#watching.delete(channel)
    this.#parts.slow.delete(watching)
    this.#parts.presences.unwatch(channel, watching)
  }

  /** The session is no member any more. */
  leave(channel: string): void {
    this.unwatch(channel)
    if (this.#memberships.delete(channel)) this.#parts.presences.own.remove(channel, this.#memberKey)
  }

  /** The client is connected, and another round of heartbeats has passed. */
  rest(isSubscribed: (channel: string) => boolean): void {
    for (const [channel, membership] of this.#memberships)
      if (isSubscribed(channel)) membership.missedRounds = 0
      else if (++membership.missedRounds >= maxMissedRounds) this.leave(channel)
  }

  /** The data of the session in each channel in which it is a member. */
  get members(): ReadonlyMap<string, string | undefined> {
    const { own } = this.#parts.presences
    const names = [...this.#memberships.keys()]
    return new Map(names.map((name) => [name, own.find(name, this.#memberKey)?.data]))
  }

  /** Another hub had the session, which is still a member. */
  arrived(channel: string, data: string | undefined): void {
    this.#set(channel, data)
  }

  /** Another hub goes on with the session, which stays a member for so many milliseconds. */
  departed(ttl: number): void {
    const { own } = this.#parts.presences
    for (const channel of this.#memberships.keys()) own.park(channel, this.#memberKey, ttl)
    this.#memberships.clear()
  }

  ended(): void {
    for (const channel of [...this.#memberships.keys()]) this.leave(channel)
  }

  #set(channel: string, data: string | undefined): void {
    const { identity } = this.#record
    this.#memberships.set(channel, { missedRounds: 0 })
    this.#parts.presences.own.set(channel, { key: this.#memberKey, identity, data })
  }

  get #memberKey(): string {
    return (this.#key ??= memberKeyOf(this.#record.id))
  }
}
