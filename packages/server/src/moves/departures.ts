import type { Body, Endpoint, Queued } from '@holdfast/protocol'
import { withinTime } from '../channels/within-time.ts'
import type { Lifecycle } from '../lifecycle.ts'
import type { Policy } from '../policy.ts'
import type { SessionRecord } from '../session-record.ts'
import { Departure } from './departure.ts'
import type { PostAnswer } from './departure.ts'
import type { OwnedSession } from './owned-session.ts'
import { ParkedBytes, sizeOfMessage, sizeOfSession } from './parked-bytes.ts'
import type { MailboxEntry, ParkedState } from './session-store.ts'
import type { StoreLink } from './store-link.ts'

/** When an answer is posted again for which a mailbox had no room, in milliseconds. */
const fullPause = 1_000

interface DeparturesParts {
  readonly policy: Policy
  readonly lifecycle: Lifecycle
}

/** The sessions that this hub has given up for another one: their parks, what is posted for them, and the handlers that still run. */
export class Departures {
  readonly #link: StoreLink
  readonly #parts: DeparturesParts
  readonly #bytes: ParkedBytes
  /** The sessions that are being parked, by their ids. */
  readonly #parking = new Map<string, Promise<boolean>>()
  /** Those for which handlers still run, by the ids of their sessions: a session may have been here several times. */
  readonly #working = new Map<string, Set<Departure>>()
  /** The posts that are under way. */
  readonly #posting = new Set<Promise<unknown>>()
  #onAnswered: (() => void)[] = []
  #isClosed = false

  constructor(link: StoreLink, parts: DeparturesParts) {
    const { limits, sessionTimeout } = parts.policy
    this.#link = link
    this.#parts = parts
    this.#bytes = new ParkedBytes(link.clock, limits.maxParkedTotalBytes, sessionTimeout)
  }

  /** Whether one more session may be parked. */
  hasRoom({ messages }: Pick<SessionRecord, 'messages'>): boolean {
    return this.#bytes.hasRoom(sizeOfSession(messages.bytes))
  }

  /** Parks a session that is fenced. */
  add(
    record: SessionRecord,
    owned: OwnedSession,
    state: ParkedState,
    queued: readonly Queued<Body>[],
    endpoint: Endpoint | undefined,
  ): Departure {
    const { id } = record
    const parked = owned.park(state, this.#parts.policy.sessionTimeout)
    this.#bytes.add(sizeOfSession(Buffer.byteLength(state.text)), parked)
    this.#parking.set(id, parked)
    void parked.finally(() => {
      if (this.#parking.get(id) === parked) this.#parking.delete(id)
    })
    let last: Promise<unknown> = parked
    const parts = {
      ...this.#parts,
      post: (entry: MailboxEntry): Promise<PostAnswer> => {
        if (this.#isClosed) return Promise.resolve('closed')
        const size = sizeOfMessage(Buffer.byteLength(entry.text))
        // An answer that is not posted would be missed. There are no more of them than handlers.
        if (entry.answers === undefined && !this.#bytes.hasRoom(size)) return Promise.resolve('full')
        const posted = last.then(() => this.#post(id, entry))
        last = posted
        this.#bytes.add(
          size,
          posted.then((answer) => answer === 'posted'),
        )
        this.#posting.add(posted)
        void posted.finally(() => this.#posting.delete(posted))
        return posted
      },
      answered: () => this.#answered(id, departure),
    }
    const departure = new Departure(parts, record, queued, endpoint)
    if (departure.hasAnswered) return departure
    const others = this.#working.get(id)
    if (others) others.add(departure)
    else this.#working.set(id, new Set([departure]))
    return departure
  }

  isParking(id: string): boolean {
    return this.#parking.has(id)
  }

  /** Resolves when the session is not being parked any more: false if that takes longer than so many milliseconds. */
  async parked(id: string, timeout: number): Promise<boolean> {
    const parking = this.#parking.get(id)
    return parking === undefined || (await this.#within(timeout, parking))
  }

  /** The client of a session waits no more for the answers to these requests. */
  aborted(id: string, requests: readonly number[]): void {
    for (const departure of [...(this.#working.get(id) ?? [])])
      for (const request of requests) departure.abort(request)
  }

  /** Resolves when what has departed is parked, and when the handlers that still run for it have answered, within so many milliseconds each. */
  async settled(parkTimeout: number, handlerTimeout: number): Promise<void> {
    await this.#within(parkTimeout, Promise.all(this.#parking.values()))
    if (this.#working.size === 0 || handlerTimeout <= 0) return
    await this.#within(handlerTimeout, new Promise<void>((resolve) => this.#onAnswered.push(resolve)))
  }

  /** Resolves when everything is posted, or after so many milliseconds. */
  async posted(timeout: number): Promise<void> {
    await this.#within(timeout, Promise.all(this.#posting))
  }

  /** Posts nothing any more. */
  close(): void {
    this.#isClosed = true
    this.#bytes.close()
  }

  /** An answer waits for room. */
  async #post(id: string, entry: MailboxEntry): Promise<PostAnswer> {
    for (;;) {
      const answer = await this.#link.repeat((node) => node.post(id, entry))
      if (answer !== 'full' || entry.answers === undefined || this.#isClosed) return answer
      await this.#link.sleep(fullPause)
    }
  }

  async #within(timeout: number, promise: Promise<unknown>): Promise<boolean> {
    try {
      await withinTime(this.#link.clock, timeout, promise)
      return true
    } catch {
      return false
    }
  }

  #answered(id: string, departure: Departure): void {
    const others = this.#working.get(id)
    others?.delete(departure)
    if (others?.size === 0) this.#working.delete(id)
    if (this.#working.size > 0) return
    for (const resolve of this.#onAnswered) resolve()
    this.#onAnswered = []
  }
}
