import type { WirePosition } from './content.ts'

/** What a subscriber does with a publication: `last` delivers it, and nothing is missed any more. */
export type Verdict = 'deliver' | 'last' | 'drop' | 'hole'

/**
 * The subscription of a client to one channel: its position, and its pending request. Decides about each message of the
 * server, and has no side effects.
 *
 * A class, so that a publication costs no more than a comparison.
 */
export class Subscription {
  status: 'joining' | 'joined' | 'refused' = 'joining'
  /** Why it is refused, or not joined yet. */
  reason: string | undefined
  /** A join has to be sent. */
  isDue = true

  /** The number of the join that waits for its answer; 0 if none does. */
  #asked = 0
  #epoch = ''
  #offset = 0
  #id: string | undefined
  /** The offset of the last publication that was missed; 0 if none is. */
  #last = 0
  /** How many of the missed publications have been delivered. */
  #recovered = 0
  /** The answer to the last join will not do. */
  #isBehind = false
  /** Publications may be missing, other than those that a join itself has the client drop. */
  #mayMiss = true
  /** To whom the server refused it. */
  #refusedTo: string | null | undefined

  constructor(since?: WirePosition) {
    if (since) this.#moveTo(since)
  }

  get epoch(): string {
    return this.#epoch
  }

  /** Undefined until the server has given one. */
  get position(): WirePosition | undefined {
    return this.#id === undefined ? undefined : [this.#epoch, this.#offset, this.#id]
  }

  /** Whether the server knows of the subscription, or is about to. */
  get isSent(): boolean {
    return this.#asked > 0 || this.status === 'joined'
  }

  /** Whether what comes belongs to the last join: not before its answer. */
  get isListening(): boolean {
    return this.status === 'joined' && this.#asked === 0 && !this.isDue
  }

  /** A connection is there, to which the server has let `identity`. */
  connected(identity: string | null): void {
    if (this.status === 'refused' && this.#refusedTo !== identity) this.status = 'joining'
    if (this.status !== 'joining' || this.#asked > 0) return
    this.reason = undefined
    this.isDue = true
  }

  /** Subscriptions end with their connection. */
  disconnected(): void {
    this.#asked = 0
    this.isDue = false
    this.#mayMiss = true
    if (this.status === 'joined') this.status = 'joining'
  }

  /** The join with that number was sent. */
  asked(n: number): void {
    this.#asked = n
    this.isDue = this.#isBehind = false
  }

  /**
   * The server has subscribed the client, and sends `missed` publications, up to `at`; or what is above `at`, if the
   * client has no position. Returns false if that contradicts the position.
   */
  joined(n: number, at: WirePosition, missed: number): boolean {
    if (n !== this.#asked) return true
    const [epoch, offset] = at
    if (this.#id === undefined) this.#moveTo(at)
    else if (epoch !== this.#epoch || offset - missed !== this.#offset) return false
    else this.#last = missed > 0 && this.#mayMiss ? offset : 0
    if (this.#last === 0) this.#mayMiss = this.#isBehind
    this.#accepted()
    return true
  }

  /** Returns whether publications were missed, of which the application has to be notified now. */
  gap(n: number | undefined, at: WirePosition): boolean | undefined {
    const isAnswer = n !== undefined && n === this.#asked
    if (!isAnswer && (n !== undefined || !this.isListening)) return undefined
    const isKnown = this.#id !== undefined
    this.#mayMiss = this.#isBehind
    if (isAnswer) this.#accepted()
    this.#moveTo(at)
    this.#last = this.#recovered = 0
    return isKnown
  }

  /**
   * The server refuses the join `n`, or has ended the subscription. If it `isLater`, the client has to {@link retry}.
   * Returns whether this answers the last join.
   */
  refused(
    n: number | undefined,
    why: string,
    isLater: boolean,
    identity: string | null | undefined,
  ): boolean {
    if (n === undefined ? !this.isListening : n !== this.#asked) return false
    this.#asked = 0
    this.isDue = false
    this.status = isLater ? 'joining' : 'refused'
    this.reason = why
    this.#refusedTo = identity
    return true
  }

  /** It is time to ask again. */
  retry(): void {
    this.isDue = true
  }

  /** Publications may be missing that came since the last join: asks for them, as {@link askAnew}. */
  askAgain(): void {
    this.#mayMiss = true
    this.askAnew()
  }

  /**
   * Asks the server again, now or after the answer that is under way. What it is asked for besides publications has
   * changed, so those that are dropped meanwhile are not reported as recovered.
   */
  askAnew(): void {
    if (this.isListening) this.isDue = true
    else this.#isBehind = true
  }

  /** Takes a publication. The position has moved when its handlers run. */
  publication(offset: number, id: string): Verdict {
    if (!this.isListening || offset <= this.#offset) return 'drop'
    if (offset !== this.#offset + 1) {
      this.isDue = this.#mayMiss = true
      return 'hole'
    }
    this.#offset = offset
    this.#id = id
    if (this.#last === 0) return 'deliver'
    this.#recovered++
    if (offset < this.#last) return 'deliver'
    this.#last = 0
    this.#mayMiss = false
    return 'last'
  }

  /** Takes the number of recovered publications, which starts again. */
  takeRecovered(): number {
    const recovered = this.#recovered
    this.#recovered = 0
    return recovered
  }

  #accepted(): void {
    this.#asked = 0
    this.status = 'joined'
    this.reason = undefined
    this.isDue = this.#isBehind
    this.#isBehind = false
  }

  #moveTo([epoch, offset, id]: WirePosition): void {
    this.#epoch = epoch
    this.#offset = offset
    this.#id = id
  }
}
