import type { Position } from '../channels/broker.ts'
import type { Subscriber } from '../channels/feed.ts'
import type { Log } from '../channels/log.ts'
import type { BroadcastState } from '../moves/snapshot.ts'
import type { SessionRecord } from '../session-record.ts'

/** What an arrival needs of the hub. */
export interface ArrivalHost {
  /** The log reaches as far as it can. */
  catchUp(arrival: Arrival, log: Log): void
  /** The broker fails. */
  failed(arrival: Arrival): void
}

/** What a session has of the broadcasts that another hub had before: until it has the same as all others of this hub. */
export class Arrival implements Subscriber {
  /** What it has of the log, if that is not what this hub has: less while it is behind, and more otherwise. */
  position: Position | undefined
  /** It gets nothing live, because something is missing before. */
  isBehind = true
  /** The broadcasts above its position that it has, or must not get. */
  readonly also: Set<string>
  readonly record: SessionRecord
  readonly #host: ArrivalHost

  constructor(host: ArrivalHost, record: SessionRecord, { position, also }: BroadcastState) {
    this.#host = host
    this.record = record
    this.position = position
    this.also = new Set(also)
  }

  /** It does not have what the hub has of the log, so it is not known which of the hub's own broadcasts it has. */
  get isWaiting(): boolean {
    return this.isBehind || this.position !== undefined
  }

  /** Whether a broadcast that the hub reads in the log is none that it should get now. */
  skips(id: string): boolean {
    return this.isWaiting || this.also.delete(id)
  }

  /** The hub has everything up to that offset. Returns whether the session has the same now, and had not before. */
  reach(offset: number): boolean {
    if (this.isBehind || !this.position || this.position.offset > offset) return false
    this.position = undefined
    return true
  }

  begin(log: Log): void {
    this.#host.catchUp(this, log)
  }

  refused(): void {
    this.#host.failed(this)
  }

  // It is a subscriber only until it begins.
  deliver(): void {}
  missed(): void {}
}
