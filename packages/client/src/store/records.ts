import type { Body, Outcome } from '@holdfast/protocol'

/** A message as it stands in the database, under its lane and number. */
export interface MessageRecord {
  readonly lane: string
  readonly n: number
  readonly name: string | undefined
  /** The body: text, or the head of bytes. */
  readonly text: string
  readonly data: Uint8Array<ArrayBuffer> | undefined
  readonly bytes: number
  /** In milliseconds since the Unix epoch, as is the next. */
  readonly at: number
  readonly expiresAt: number
  /** What the server remembered of lanes was of this epoch when the message was sent; null without a connection. */
  readonly epoch: string | null
}

/** A lane as it stands in the database. The one with the empty id is of all: whose the database was last. */
export interface LaneRecord {
  readonly id: string
  /** The tag of whoever it belongs to; undefined while nobody knows. */
  readonly identity: string | null | undefined
  /** Messages up to `written` may have been written to a server of this epoch, and of no other. */
  readonly epoch: string | null
  readonly written: number
  /** How often somebody has taken it over. */
  readonly taken: number
  /** When it was first found to be empty, with its page gone. In milliseconds since the Unix epoch. */
  readonly emptiedAt?: number | undefined
}

/** What has to be known of a server to send it what an earlier page has left. */
export interface Server {
  readonly identity: string | null
  /** Empty for one that knows nothing of lanes. */
  readonly epoch: string
  readonly ttl: number
}

/** The epoch of the server that a message may have been written to; null if it was certainly never written. */
export function writtenUnder(
  { n, epoch }: Pick<MessageRecord, 'n' | 'epoch'>,
  lane: Pick<LaneRecord, 'epoch' | 'written'>,
): string | null {
  return n <= lane.written ? lane.epoch : epoch
}

export const unknown: Outcome = { status: 'unknown', reason: 'session-lost' }

/**
 * The outcome of a message that an earlier page has left and that must not be sent any more, or undefined. `under` is
 * the epoch that it may have been written under.
 */
export function outcomeOf(
  message: Pick<MessageRecord, 'at' | 'expiresAt'>,
  under: string | null,
  server: Server,
  now: number,
): Outcome | undefined {
  if (under !== null) {
    // The server may have handed it on, and no longer know.
    const isRemembered = under !== '' && under === server.epoch && now - message.at <= server.ttl
    return isRemembered && now <= message.expiresAt ? undefined : unknown
  }
  return now <= message.expiresAt ? undefined : { status: 'undelivered', reason: 'expired' }
}

/** Whether a message in the queue may have been handed on before, by a server that may not know of it any more. */
export function isForgotten(
  message: Pick<MessageRecord, 'at' | 'expiresAt'>,
  under: string | null,
  server: Server,
  now: number,
): boolean {
  return under !== null && outcomeOf(message, under, server, now) !== undefined
}

export function bodyOf({ text, data }: Pick<MessageRecord, 'text' | 'data'>): Body {
  return data ? { head: text, bytes: data } : text
}
