import { Settling } from './delivery.ts'
import type { Delivery } from './delivery.ts'
import type { Outcome } from './outcome.ts'

/** An outbound message. */
export interface Outgoing<Body> {
  readonly body: Body
  readonly bytes: number
  readonly volatile: boolean
  /** Belongs to its session, such as an answer, and is useless in another one. */
  readonly sessionBound?: true
  settle(outcome: Outcome): void
}

/** The delivery of a message, with the means to settle it. */
export interface Sent extends Delivery, Pick<Outgoing<unknown>, 'settle'> {
  /** Another page may have sent it: an outcome of `undelivered` becomes `unknown` then. */
  isShared: boolean
  /** Calls back with the outcome. Unlike `then`, this does not make the link ask for it. */
  whenSettled(listener: (outcome: Outcome) => void): void
}

/** The functions of an outbox for its messages. */
export interface Owner<Body, Name> {
  onSettled(message: Message<Body, Name>): void
  takeBack(message: Message<Body, Name>): boolean
  onAwaited(message: Message<Body, Name>): void
}

const unknown: Outcome = { status: 'unknown', reason: 'session-lost' }

/** A message in an outbox, and its delivery: one object, because there are many of them. */
export class Message<Body, Name> extends Settling implements Outgoing<Body> {
  readonly owner: Owner<Body, Name>
  readonly body: Body
  readonly bytes: number
  readonly name: Name
  readonly volatile: boolean
  readonly key: string | undefined
  readonly expiresAt: number
  /** The socket threw an exception for it once. */
  refused = false
  isShared = false
  /** A caller awaits its outcome. */
  isAwaited = false
  /** Its neighbours in the queue; itself while it is not queued. */
  before: Message<Body, Name> = this
  after: Message<Body, Name> = this
  /** Releases the resources of a queued message. */
  leave: (() => void) | undefined = undefined

  constructor(
    owner: Owner<Body, Name>,
    body: Body,
    bytes: number,
    name: Name,
    isVolatile: boolean,
    key: string | undefined,
    expiresAt: number,
  ) {
    super()
    this.owner = owner
    this.body = body
    this.bytes = bytes
    this.name = name
    this.volatile = isVolatile
    this.key = key
    this.expiresAt = expiresAt
  }

  settle(outcome: Outcome): void {
    const told = this.isShared && outcome.status === 'undelivered' ? unknown : outcome
    if (this.finish(told)) this.owner.onSettled(this)
  }

  cancel(): boolean {
    return this.owner.takeBack(this) && !this.isShared
  }

  protected awaited(): void {
    this.isAwaited = true
    this.owner.onAwaited(this)
  }
}
