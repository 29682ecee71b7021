import type { Outcome } from './outcome.ts'
import type { Outgoing } from './outbox.ts'

/** How much may be unacknowledged: messages, and bytes of encoded frames. */
export type Window = readonly [messages: number, bytes: number]

/**
 * One end of a session: what it has numbered and not yet had acknowledged, and how far it has received. Both ends run
 * this code. It outlives connections, knows nothing of them, and does nothing by itself.
 *
 * Its rules are those of PROTOCOL.md, sections Numbers, Windows and Loss.
 */
export interface Session<Body> {
  /** The receive cursor: the highest number that was handed on. */
  readonly rx: number
  /** The highest number that was given. */
  readonly tx: number
  /** How many messages are numbered and not acknowledged. */
  readonly unacknowledged: number
  /** What the peer takes; set when it says so. */
  window: Window
  /** Whether the window lets a new message of that size be written. One may always fly alone. */
  hasRoom(bytes: number): boolean
  /** Gives a message its number, and keeps it until it is acknowledged. */
  number(message: Outgoing<Body>): number
  /** The peer has handed on all messages up to `ack`. False when that is more than were written: a violation. */
  acknowledge(ack: number): boolean
  /** What to do with a message: hand it on (the cursor has moved already), drop it, or end the connection. */
  accept(seq: number): 'next' | 'old' | 'gap'
  /** The messages that are not acknowledged, in order, with their numbers; undefined for one that was withdrawn. */
  replay(): Iterable<readonly [seq: number, message: Outgoing<Body> | undefined]>
  /** Settles the oldest unacknowledged message, if there is one; a void frame takes its number from now on. */
  withdraw(outcome: Outcome): void
  /**
   * Ends the session. With the peer's final cursor, what is up to it is delivered, and what is above it is given back:
   * certainly not handed on. Without, all that was written settles as `unknown`.
   */
  end(finalCursor: number | undefined, unknown: Outcome): Outgoing<Body>[]
}

const delivered: Outcome = { status: 'delivered' }

export function createSession<Body>(): Session<Body> {
  /** The messages that are numbered and not acknowledged, from `head` on. */
  let kept: (Outgoing<Body> | undefined)[] = []
  let head = 0
  let keptBytes = 0

  const acknowledged = (): number => session.tx - session.unacknowledged

  /** Takes the oldest message out. Memory is given back in large pieces: moving the rest each time would cost more. */
  const shift = (): Outgoing<Body> | undefined => {
    const message = kept[head]
    kept[head++] = undefined
    session.unacknowledged--
    if (head > 1_024 && head * 2 > kept.length) {
      kept = kept.slice(head)
      head = 0
    }
    keptBytes -= message?.bytes ?? 0
    return message
  }

  // Plain members: an object literal with accessors is several times as large, and slow.
  const session: { -readonly [Key in keyof Session<Body>]: Session<Body>[Key] } = {
    rx: 0,
    tx: 0,
    unacknowledged: 0,
    window: [1, 1],

    hasRoom(bytes) {
      const { unacknowledged, window: limits } = session
      return unacknowledged === 0 || (unacknowledged < limits[0] && keptBytes + bytes <= limits[1])
    },
    number(message) {
      kept.push(message)
      keptBytes += message.bytes
      session.unacknowledged++
      return ++session.tx
    },
    acknowledge(ack) {
      if (ack > session.tx) return false
      // Whoever hears of an outcome may well bring the next ack.
      while (acknowledged() < ack) shift()?.settle(delivered)
      return true
    },
    accept(seq) {
      if (seq > session.rx + 1) return 'gap'
      if (seq <= session.rx) return 'old'
      session.rx = seq
      return 'next'
    },
    *replay() {
      const from = acknowledged()
      const messages = kept.slice(head)
      for (const [index, message] of messages.entries()) yield [from + index + 1, message]
    },
    withdraw(outcome) {
      if (session.unacknowledged === 0) return
      const message = kept[head]
      kept[head] = undefined
      keptBytes -= message?.bytes ?? 0
      message?.settle(outcome)
    },
    end(finalCursor, unknown) {
      if (finalCursor !== undefined) session.acknowledge(Math.min(finalCursor, session.tx))
      const rest: Outgoing<Body>[] = []
      while (session.unacknowledged > 0) {
        const message = shift()
        if (message) rest.push(message)
      }
      if (finalCursor !== undefined) return rest
      for (const message of rest) message.settle(unknown)
      return []
    },
  }
  return session
}
