import type { Clock, Outcome } from '@holdfast/protocol'
import type { OutboxParts } from '../store.ts'
import type { Ledger } from './ledger.ts'
import type { Key, StorePorts } from './ports.ts'
import type { Producer } from './producer.ts'
import { decodeMessage, unknown, writtenUnder } from './records.ts'
import type { MessageRecord, MessageRow, ProducerRecord } from './records.ts'

/** A producer of a page that is gone. */
export interface Orphan extends Producer {
  /** Its messages that are in the database only, oldest first. */
  waiting: Waiting[]
  /** The next messages are being read from the database into the queue. */
  isBusy: boolean
}

/** A message that is only in the database. */
export type Waiting = Pick<MessageRecord, 'n' | 'name' | 'at' | 'expiresAt' | 'bytes'> & {
  /** The epoch under which it may have been written. */
  readonly under: string | null
}

/** What the parts of the recovery share. */
export interface RecoveryPorts {
  readonly ports: StorePorts
  readonly clock: Clock
  readonly ledger: Ledger
  readonly maxStored: number
  settled: OutboxParts['settled']
  /** Whether this page may take producers over. */
  isActive(): boolean
  lockName(producer: Key): string
}

/** The rows of orphans in the database. */
export interface OrphanRows {
  read(from: Key, to: Key, count?: number): Promise<MessageRow[]>
  /** All messages of a producer. What cannot be read is settled as unknown, and deleted. */
  readWaiting(id: Key, producer: ProducerRecord | Producer | undefined): Promise<Waiting[]>
  /** A message has its outcome without having been queued. */
  settle(id: Key, message: Waiting, outcome: Outcome): void
  /** Lets others have the producer, once the database has the outcomes of its messages. */
  release(release: Producer['release']): void
}

/** How many messages are read, and queued per producer, at a time. */
export const batchLength = 256

/** A key after every key of a producer. */
export function endOf(producer: Key): Key {
  return [producer, [[]]]
}

export function createOrphanRows({ ports, ledger, settled }: RecoveryPorts): OrphanRows {
  const { journal, invalid, forget } = ledger

  const read: OrphanRows['read'] = (from, to, count = batchLength) =>
    journal.read('messages', (store) => store.getAll(ports.keyRange(from, to), count)) as ReturnType<
      OrphanRows['read']
    >

  return {
    read,
    async readWaiting(id, producer) {
      const waiting: Waiting[] = []
      for (let from: Key = [id]; ;) {
        const rows = await read(from, endOf(id))
        for (const row of rows) {
          // Without its producer it is unknown whose a message is, and whether it was written.
          const message = producer ? decodeMessage(row) : 'producer'
          if (typeof message === 'string') {
            invalid('messages', [id, row.n], message)
            settled(typeof row.name === 'string' ? row.name : undefined, unknown, 0)
          } else waiting.push(waitingOf(message, producer!))
        }
        if (rows.length < batchLength) return waiting
        from = [id, rows.at(-1)!.n, 0]
      }
    },
    settle(id, { n, name, bytes }, outcome) {
      forget(id, n)
      settled(name, outcome, bytes)
    },
    release(release) {
      if (release) void journal.written().then(release, release)
    },
  }
}

function waitingOf(message: MessageRecord, producer: Pick<ProducerRecord, 'epoch' | 'written'>): Waiting {
  const { n, name, at, expiresAt, bytes } = message
  return { n, name, at, expiresAt, bytes, under: writtenUnder(message, producer) }
}
