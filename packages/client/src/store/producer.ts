import type { Body, Sent } from '@holdfast/protocol'
import type { Task, Writable } from './database.ts'
import type { Release } from './locks.ts'
import { writtenUnder } from './records.ts'
import type { ProducerRecord, MessageRecord } from './records.ts'

/** A message that has no outcome yet. */
export interface Entry extends Omit<MessageRecord, 'producer' | 'text' | 'data'>, Writable {
  readonly producer: Producer
  readonly body: Body
  readonly delivery: Sent
}

/** A producer whose messages this page sends: its own, or one of a page that is gone. */
export interface Producer {
  readonly id: string
  readonly isOwn: boolean
  identity: ProducerRecord['identity']
  epoch: string | null
  written: number
  taken: number
  emptiedAt?: ProducerRecord['emptiedAt']
  /** The last number that was queued. */
  last: number
  readonly open: Map<number, Entry>
  release: Release | undefined
}

/** Creates a producer of this page, with an id from these random bytes. */
export function newProducer(random: Uint8Array): Producer {
  return { ...unwritten(idOf(random), undefined), ...idleProducer(true, undefined) }
}

/** A producer that nothing was sent of yet. */
export function idleProducer(
  isOwn: boolean,
  release: Producer['release'],
): Pick<Producer, 'isOwn' | 'last' | 'open' | 'release'> {
  return { isOwn, last: 0, open: new Map(), release }
}

/** The record of a producer of which nothing was written to a server. */
function unwritten(id: string, identity: ProducerRecord['identity']): ProducerRecord {
  return { id, identity, epoch: null, written: 0, taken: 0 }
}

/** The task that writes a message. */
export function messageTask(entry: Entry): Task {
  return { place: 'messages', key: [entry.producer.id, entry.n], item: entry, value: () => recordOf(entry) }
}

/** The task that writes a producer, in its state at that time. */
export function producerTask(producer: Producer): Task {
  return {
    place: 'producers',
    key: producer.id,
    value: (): ProducerRecord => {
      const { id, identity, epoch, written, taken, emptiedAt } = producer
      return { id, identity, epoch, written, taken, emptiedAt }
    },
  }
}

/** Writes down which identity uses the database. */
export function ownerTask(identity: string | null): Task {
  return {
    place: 'producers',
    key: '',
    value: () => unwritten('', identity),
  }
}

function recordOf(entry: Entry): MessageRecord {
  const { producer, n, name, body, bytes, at, expiresAt } = entry
  // The producer may be written only later.
  const epoch = writtenUnder(entry, producer)
  const [text, data] = typeof body === 'string' ? [body, undefined] : [body.head, body.bytes]
  return { producer: producer.id, n, name, text, data, bytes, at, expiresAt, epoch }
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Six bits of each byte. */
function idOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => letters[byte & 63]).join('')
}
