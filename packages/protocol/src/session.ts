import type { Outcome } from './outcome.ts'
import type { Outgoing } from './message.ts'

/** A receive window: how many messages, and bytes of encoded frames, may be unacknowledged. */
export type Window = readonly [messages: number, bytes: number]

/**
 * One end of a session: its numbered and unacknowledged messages, and its receive cursor. Both ends run this code. It
 * outlives connections, does not know them, and acts only when called.
 *
 * It implements the sections Numbers, Windows and Loss of PROTOCOL.md.
 */
export interface Session<Body> {
  /** The receive cursor: the highest delivered number. */
  readonly rx: number
  /** The highest assigned number. */
  readonly tx: number
  /** The highest number that the peer has acknowledged. */
  readonly acknowledged: number
  /** The number of numbered and unacknowledged messages. */
  readonly unacknowledged: number
  /** The number of the message that was suspected last; 0 if none was. */
  readonly suspect: number
  /** The window of the peer; set when the peer announces it. */
  window: Window
  /** Returns whether the window allows a new message of that size. One message may always be in flight alone. */
  hasRoom(bytes: number): boolean
  /** Assigns a number to a message, and keeps the message until it is acknowledged. */
  number(message: Outgoing<Body>): number
  /** The peer has delivered all messages up to `ack`. False if that is more than were written: a violation. */
  acknowledge(ack: number): boolean
  /** Decides about a message: deliver it (the cursor has already advanced), drop it, or end the connection. */
  accept(seq: number): 'next' | 'old' | 'gap'
  /** The unacknowledged messages, in order, with their numbers; undefined for a withdrawn one. */
  replay(): Iterable<readonly [seq: number, message: Outgoing<Body> | undefined]>
  /**
   * The oldest unacknowledged message may have ended the last connection. A message that is suspected twice settles as
   * rejected, and a void frame replaces it. Returns false if no message is unacknowledged.
   */
  quarantineOldest(): boolean
  /**
   * Ends the session. With the peer's final cursor, messages up to it settle as delivered, and those above it are
   * returned: they are certainly undelivered. Without it, all written messages settle as `unknown`.
   */
  end(finalCursor: number | undefined, unknown: Outcome): Outgoing<Body>[]
}

const delivered: Outcome = { status: 'delivered' }
const rejected: Outcome = { status: 'undelivered', reason: 'rejected' }

export function createSession<Body>(): Session<Body> {
  return new SessionState()
}

/** The numbers of an end of a session. */
export type SessionNumbers = Pick<Session<unknown>, 'rx' | 'acknowledged' | 'suspect'>

/**
 * Returns an end of a session that continues where another program has stopped. Number the unacknowledged messages first, in
 * order, so that they get the numbers that they had.
 */
export function restoreSession<Body>({ rx, acknowledged, suspect }: SessionNumbers): Session<Body> {
  const session = new SessionState<Body>()
  session.rx = rx
  session.tx = session.acknowledged = acknowledged
  session.suspect = suspect
  return session
}

/** A class, because a server has one for each client: closures would be most of its memory. */
class SessionState<Body> implements Session<Body> {
  rx = 0
  tx = 0
  acknowledged = 0
  suspect = 0
  window: Window = [1, 1]
  /** The messages that are numbered and not acknowledged, from `#head` on. */
  #kept: (Outgoing<Body> | undefined)[] = []
  #head = 0
  #bytes = 0

  get unacknowledged(): number {
    return this.tx - this.acknowledged
  }

  hasRoom(bytes: number): boolean {
    const { unacknowledged, window: limits } = this
    return unacknowledged === 0 || (unacknowledged < limits[0] && this.#bytes + bytes <= limits[1])
  }

  number(message: Outgoing<Body>): number {
    this.#kept.push(message)
    this.#bytes += message.bytes
    return ++this.tx
  }

  acknowledge(ack: number): boolean {
    if (ack > this.tx) return false
    // A listener of an outcome may cause the next ack.
    while (this.acknowledged < ack) this.#shift()?.settle(delivered)
    return true
  }

  accept(seq: number): 'next' | 'old' | 'gap' {
    if (seq > this.rx + 1) return 'gap'
    if (seq <= this.rx) return 'old'
    this.rx = seq
    return 'next'
  }

  replay(): Iterable<readonly [seq: number, message: Outgoing<Body> | undefined]> {
    const from = this.acknowledged
    const messages = this.#kept.slice(this.#head)
    return messages.map((message, index) => [from + index + 1, message])
  }

  quarantineOldest(): boolean {
    if (this.unacknowledged === 0) return false
    const oldest = this.acknowledged + 1
    if (this.suspect === oldest) this.#takeOldest()?.settle(rejected)
    this.suspect = oldest
    return true
  }

  end(finalCursor: number | undefined, unknown: Outcome): Outgoing<Body>[] {
    if (finalCursor !== undefined) this.acknowledge(Math.min(finalCursor, this.tx))
    const rest: Outgoing<Body>[] = []
    while (this.unacknowledged > 0) {
      const message = this.#shift()
      if (message) rest.push(message)
    }
    if (finalCursor !== undefined) return rest
    for (const message of rest) message.settle(unknown)
    return []
  }

  /** Takes the oldest message, and leaves its number. */
  #takeOldest(): Outgoing<Body> | undefined {
    const message = this.#kept[this.#head]
    this.#kept[this.#head] = undefined
    this.#bytes -= message?.bytes ?? 0
    return message
  }

  /** Takes the oldest message and its number. */
  #shift(): Outgoing<Body> | undefined {
    const message = this.#takeOldest()
    this.#head++
    this.acknowledged++
    // Moves no more messages than were taken out, so each message is moved once on average.
    if (this.#head >= 32 && this.#head * 2 > this.#kept.length) {
      this.#kept = this.#kept.slice(this.#head)
      this.#head = 0
    }
    return message
  }
}
