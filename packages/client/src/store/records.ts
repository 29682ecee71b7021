import { bodyBytes, maxNameLength, utf8Length } from '@holdfast/protocol'
import type { Body, Outcome } from '@holdfast/protocol'
import type { Key } from './ports.ts'

/** A message in the database, keyed by its producer and number. */
export interface MessageRecord {
  readonly producer: string
  readonly n: number
  readonly name: string | undefined
  /** The body: text, or the head of bytes. */
  readonly text: string
  readonly data: Uint8Array<ArrayBuffer> | undefined
  readonly bytes: number
  /** In milliseconds since the Unix epoch, as is the next. */
  readonly at: number
  readonly expiresAt: number
  /** The epoch of the server that was connected when the message was sent; null without a connection. */
  readonly epoch: string | null
}

/** A producer in the database. The one with the empty id holds the identity that used the database last. */
export interface ProducerRecord {
  readonly id: string
  /** The tag of the user that it belongs to; undefined while that is not known. */
  readonly identity: string | null | undefined
  /** Messages up to `written` may have been written to a server of this epoch, and of no other. */
  readonly epoch: string | null
  readonly written: number
  /** How often another page has taken it over. */
  readonly taken: number
  /** When it was first found empty, with its page gone. In milliseconds since the Unix epoch. */
  readonly emptiedAt?: number | undefined
}

/** A row of the database. Everything but its key may be anything: other code of the origin can write, and other versions. */
export type MessageRow = Row<MessageRecord> & { readonly producer: Key; readonly n: Key }
export type ProducerRow = Row<ProducerRecord> & { readonly id: Key }
type Row<Record> = { readonly [Member in keyof Record]: unknown }

/** Validates a row like untrusted input. Returns the name of the invalid member, if any. */
export function decodeMessage(row: MessageRow): MessageRecord | string {
  const fault = isBody(row) ? faultOf(row, ['bytes', 'at', 'expiresAt'], ['epoch']) : 'text'
  if (fault) return fault
  const message = row as MessageRecord
  // The bounds of the queue depend on it.
  return { ...message, bytes: bodyBytes(bodyOf(message)) }
}

/** Validates a row like untrusted input. Returns the name of the invalid member, if any. */
export function decodeProducer(row: ProducerRow): ProducerRecord | string {
  const { id, identity = null, emptiedAt = 0 } = row
  if (typeof id !== 'string') return 'id'
  return (
    faultOf({ ...row, identity, emptiedAt }, ['written', 'taken', 'emptiedAt'], ['identity', 'epoch']) ??
    (row as ProducerRecord)
  )
}

function faultOf<Member extends string>(
  row: { readonly [Name in Member]: unknown },
  amounts: readonly Member[],
  texts: readonly Member[],
): string | undefined {
  return (
    amounts.find((member) => typeof row[member] !== 'number' || !(row[member] >= 0)) ??
    texts.find((member) => row[member] !== null && typeof row[member] !== 'string')
  )
}

/** How long the head of bytes may be that we write, in UTF-16 units: a name, and where it belongs. */
const maxHeadLength = 10_000

/** Whether a server would accept the body as this message of this producer. Anything else would end the session. */
function isBody({ producer, n, name = null, text, data }: Row<MessageRecord>): boolean {
  // The text is appended to a number, so it must not begin with a digit.
  if (typeof text !== 'string' || text[0] !== ',' || utf8Length(text) < 0) return false
  try {
    const frame = JSON.parse(`[0,0${text}]`) as [0, 0, string | null, unknown, object]
    const [, , title, value, meta] = frame
    const isRaw = title === null
    const place = JSON.stringify([producer, n])
    const how = JSON.stringify(meta)
    return (
      frame.length === 5 &&
      title === name &&
      (isRaw || title.length <= maxNameLength) &&
      /^\["[\w-]{1,64}",[1-9]\d{0,14}]$/.test(place) &&
      (isRaw
        ? how === `{"raw":true,"producer":${place}}`
        : how === `{"producer":${place}}` || how === `{"producer":${place},"absent":true}`) &&
      (data === undefined
        ? !isRaw || typeof value === 'string'
        : value === null && text.length <= maxHeadLength && isBytes(data))
    )
  } catch {
    return false
  }
}

function isBytes(value: unknown): boolean {
  // Checks the tag, because a page and its frames have different classes.
  return (value as Uint8Array | null)?.[Symbol.toStringTag] === 'Uint8Array'
}

/** What must be known of a server before it is sent messages of an earlier page. */
export interface Server {
  readonly identity: string | null
  /** Empty for a server that does not support producers. */
  readonly epoch: string
  readonly ttl: number
}

/** The epoch of the server that a message may have been written to; null if it was certainly never written. */
export function writtenUnder(
  { n, epoch }: Pick<MessageRecord, 'n' | 'epoch'>,
  producer: Pick<ProducerRecord, 'epoch' | 'written'>,
): string | null {
  return n <= producer.written ? producer.epoch : epoch
}

export const unknown: Outcome = { status: 'unknown', reason: 'session-lost' }

/**
 * Returns the outcome of a message of an earlier page that must not be sent any more, or undefined. `under` is the
 * epoch under which it may have been written.
 */
export function outcomeOf(
  message: Pick<MessageRecord, 'at' | 'expiresAt'>,
  under: string | null,
  server: Server,
  now: number,
): Outcome | undefined {
  if (under !== null) {
    // A server that no longer remembers the producer may have delivered the message.
    const isRemembered = under !== '' && under === server.epoch && now - message.at <= server.ttl
    return isRemembered && now <= message.expiresAt ? undefined : unknown
  }
  return now <= message.expiresAt ? undefined : { status: 'undelivered', reason: 'expired' }
}

/** Whether a queued message may have been delivered before, by a server that may have forgotten it. */
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
