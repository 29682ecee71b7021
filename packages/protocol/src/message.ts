import type { Delivery } from './delivery.ts'
import { HoldfastError } from './errors.ts'
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

/** A message that leaves the queue. */
export interface Queued<Body> extends Outgoing<Body> {
  /** Replaces a queued message with the same key. */
  readonly key: string | undefined
  /** When it should have been written at the latest; Infinity if it may wait forever. */
  readonly expiresAt: number
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

/**
 * A message in an outbox, and its delivery. One object, and of a class: clients allocate more of these than of anything
 * else.
 */
export class Message<Body, Name> implements Queued<Body>, Sent {
  readonly owner: Owner<Body, Name>
  readonly body: Body
  readonly bytes: number
  readonly name: Name
  readonly volatile: boolean
  readonly key: string | undefined
  readonly expiresAt: number
  outcome: Outcome | undefined
  /** The socket threw an exception for it once. */
  refused = false
  isShared = false
  /** A caller awaits its outcome. */
  isAwaited = false
  /** Its neighbours in the queue; itself while it is not queued. */
  before: Message<Body, Name> = this
  after: Message<Body, Name> = this
  /** Releases the resources of a queued message. */
  leave: (() => void) | undefined
  private promise: Promise<Outcome> | undefined
  private resolve: ((outcome: Outcome) => void) | undefined

  constructor(
    owner: Owner<Body, Name>,
    body: Body,
    bytes: number,
    name: Name,
    isVolatile: boolean,
    key: string | undefined,
    expiresAt: number,
  ) {
    this.owner = owner
    this.body = body
    this.bytes = bytes
    this.name = name
    this.volatile = isVolatile
    this.key = key
    this.expiresAt = expiresAt
  }

  then<A = Outcome, B = never>(
    onSettled?: ((outcome: Outcome) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.awaited().then(onSettled, onRejected)
  }

  async orThrow(): Promise<Outcome> {
    const outcome = await this.awaited()
    if ('reason' in outcome) throw new HoldfastError(outcome.status, `message ${outcome.reason}`, { outcome })
    return outcome
  }

  whenSettled(listener: (outcome: Outcome) => void): void {
    void this.settled().then(listener)
  }

  settle(outcome: Outcome): void {
    if (this.outcome) return
    this.outcome = this.isShared && outcome.status === 'undelivered' ? unknown : outcome
    this.resolve?.(this.outcome)
    this.owner.onSettled(this)
  }

  cancel(): boolean {
    return this.owner.takeBack(this) && !this.isShared
  }

  /** A caller awaits the outcome, which may be known already. */
  private awaited(): Promise<Outcome> {
    this.isAwaited = true
    this.owner.onAwaited(this)
    return this.settled()
  }

  private settled(): Promise<Outcome> {
    return (this.promise ??= this.outcome
      ? Promise.resolve(this.outcome)
      : new Promise((resolve) => (this.resolve = resolve)))
  }
}
