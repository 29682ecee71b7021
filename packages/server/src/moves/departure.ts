import { createOutbox } from '@holdfast/protocol'
import type { Body, Endpoint, Link, Outbox, Outcome, Queued, SendOptions, Sent } from '@holdfast/protocol'
import { countOne } from '../counters.ts'
import type { Encoded } from '../encoded.ts'
import type { Lifecycle } from '../lifecycle.ts'
import type { PeerEnd } from '../peer.ts'
import type { Policy } from '../policy.ts'
import type { SessionRecord } from '../session-record.ts'
import type { MailboxEntry, PostResult } from './session-store.ts'
import { encodeMail } from './snapshot.ts'

const moved: Outcome = { status: 'unknown', reason: 'moved' }
/** The outcome of what was posted, by the answer of the store. */
const outcomes: Readonly<Record<PostResult | 'closed', Outcome>> = {
  posted: moved,
  full: { status: 'undelivered', reason: 'overflow' },
  ended: { status: 'undelivered', reason: 'session-lost' },
  closed: { status: 'undelivered', reason: 'closed' },
}

/** `closed` if the hub is; undefined if it is not known whether the store has taken the message. */
export type PostAnswer = PostResult | 'closed' | undefined

export interface DepartureParts {
  readonly lifecycle: Lifecycle
  readonly policy: Policy
  /** Posts a message for the session, after all before it. */
  post(entry: MailboxEntry): Promise<PostAnswer>
  /** The last handler that ran for the session has answered. */
  answered(): void
}

type DepartedRecord = Pick<SessionRecord, 'peer' | 'session' | 'endListeners' | 'maxMessageBytes'>

/**
 * The end of a session at this hub, because another hub goes on with it. What the application still sends, and the answers of
 * handlers that still run, are posted to the hub that has the session.
 */
export class Departure implements Link<Body> {
  /** How the session ended here. */
  readonly end: PeerEnd
  readonly #parts: DepartureParts
  readonly #outbox: Outbox<Body>
  readonly #endpoint: Endpoint | undefined
  /** The requests whose handlers still run here. */
  readonly #owed: Set<number>

  /** `queued` are the messages that move with the session. */
  constructor(
    parts: DepartureParts,
    record: DepartedRecord,
    queued: readonly Queued<Body>[],
    endpoint: Endpoint | undefined,
  ) {
    const { session, maxMessageBytes } = record
    this.#parts = parts
    this.#endpoint = endpoint
    this.#owed = new Set(endpoint?.running)
    this.#outbox = createOutbox(
      {},
      () => maxMessageBytes,
      this,
      parts.policy.ports.clock,
      () => {},
    )
    this.end = { why: 'moved', undelivered: 0, unknown: session.unacknowledged + queued.length }
    session.end(undefined, moved)
    for (const message of queued) message.settle(moved)
    this.#announce(record, endpoint)
  }

  /** Whether no handler runs here that owes an answer. */
  get hasAnswered(): boolean {
    return this.#owed.size === 0
  }

  push({ body, bytes }: Encoded, how: SendOptions): Sent {
    return this.#outbox.push(body, bytes, undefined, how)
  }

  /** A handler has answered. */
  async reply(body: Body, answers: number): Promise<void> {
    await this.#parts.post({ text: encodeMail(body), answers })
    this.#answered(answers)
  }

  /** The client does not wait for the answer to that request any more. */
  abort(request: number): void {
    if (!this.#owed.has(request)) return
    // As if the client had said so here.
    this.#endpoint?.deliver([0, 0, null, undefined, { off: request }])
    this.#answered(request)
  }

  bufferedAmount(): number {
    return 0
  }

  isWritable(): boolean {
    return true
  }

  write(message: Queued<Body>): boolean {
    if (message.volatile) message.settle({ status: 'undelivered', reason: 'volatile' })
    else void this.#post(message)
    return true
  }

  async #post(message: Queued<Body>): Promise<void> {
    const result = await this.#parts.post({ text: encodeMail(message.body) })
    message.settle(result ? outcomes[result] : moved)
  }

  #answered(request: number): void {
    if (this.#owed.delete(request) && this.hasAnswered) this.#parts.answered()
  }

  #announce({ endListeners, peer }: DepartedRecord, endpoint: Endpoint | undefined): void {
    const { lifecycle } = this.#parts
    countOne(lifecycle.counters.ended, this.end.why)
    if (endpoint) lifecycle.defer(() => endpoint.moved())
    if (endListeners) lifecycle.defer(() => endListeners.emit('end', this.end))
    lifecycle.announce('closed', { ...this.end, peer })
  }
}
