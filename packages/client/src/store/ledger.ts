import type { Clock, Delivery } from '@holdfast/protocol'
import type { StoreName, Task } from './database.ts'
import { createJournal } from './journal.ts'
import type { Journal } from './journal.ts'
import type { Key, StorePorts } from './ports.ts'
import { messageTask, ownerTask, producerTask } from './producer.ts'
import type { Entry, Producer } from './producer.ts'
import { decodeProducer } from './records.ts'
import type { ProducerRecord, ProducerRow } from './records.ts'
import type { StoreTrouble } from './trouble.ts'

/** The messages of this page that have no outcome, with their producers: in memory, and by the journal in the database. */
export interface Ledger {
  readonly journal: Journal
  /** The producers that this page has locked, by id. */
  readonly producers: Map<string, Producer>
  /** The messages that are only in memory, and why. */
  readonly unstored: Map<Delivery, unknown>
  add(entry: Entry): void
  /** Deletes a message. */
  forget(producer: Key, n: Key): void
  /** A message has its outcome. False if another page will report it. */
  settle(delivery: Delivery): boolean
  /** Writes a producer, in its state at the time of the write. */
  note(producer: Producer): void
  /** Writes down which identity uses the database. */
  noteOwner(identity: string | null): void
  /** Writes down everything, for a database that may have lost it. */
  noteAll(): void
  /** Undefined if there is no such producer, and for a damaged one. */
  readProducer(from: Pick<Journal, 'read'>, id: Key): Promise<ProducerRecord | undefined>
  /** Deletes a damaged row, and reports it. */
  invalid(place: StoreName, key: Key, fault: string): void
}

export interface LedgerPorts {
  readonly ports: StorePorts
  readonly clock: Clock
  readonly databaseName: string
  trouble(what: StoreTrouble['what'], cause: unknown): void
  /** The database cannot be used any more. */
  failed(cause: unknown): void
}

export function createLedger({ ports, clock, databaseName, trouble, failed }: LedgerPorts): Ledger {
  const producers: Ledger['producers'] = new Map()
  const unstored: Ledger['unstored'] = new Map()
  const entries = new Map<Delivery, Entry>()
  let owner: string | null | undefined

  const everything = (): Task[] => {
    unstored.clear()
    const tasks = owner === undefined ? [] : [ownerTask(owner)]
    for (const producer of producers.values()) {
      tasks.push(producerTask(producer))
      for (const entry of producer.open.values()) tasks.push(messageTask(entry))
    }
    return tasks
  }

  const journal = createJournal({
    ports,
    clock,
    name: databaseName,
    everything,
    refused(item, cause) {
      if (item.isGone) return
      unstored.set((item as Entry).delivery, cause)
      if (unstored.size === 1) trouble('quota', cause)
    },
    failed,
  })

  const forget = (producer: Key, n: Key): void => journal.push({ place: 'messages', key: [producer, n] })

  const settle = (delivery: Delivery): boolean => {
    unstored.delete(delivery)
    const entry = entries.get(delivery)
    if (!entry) return true
    entries.delete(delivery)
    if (entry.isGone) return false
    entry.isGone = true
    const { producer, n, isWritten } = entry
    producer.open.delete(n)
    if (isWritten) forget(producer.id, n)
    return true
  }

  const invalid = (place: StoreName, key: Key, fault: string): void => {
    journal.push({ place, key })
    trouble('invalid', new Error(`${place} ${JSON.stringify(key)}: ${fault}`))
  }

  return {
    journal,
    producers,
    unstored,
    forget,
    settle,
    invalid,
    add(entry) {
      entries.set(entry.delivery, entry)
      entry.producer.open.set(entry.n, entry)
    },
    note: (producer) => journal.push(producerTask(producer)),
    noteOwner(identity) {
      owner = identity
      journal.push(ownerTask(identity))
    },
    noteAll() {
      for (const task of everything()) journal.push(task)
    },
    async readProducer(from, id) {
      const row = (await from.read('producers', (store) => store.get(id))) as ProducerRow | undefined
      const producer = row && decodeProducer(row)
      if (typeof producer !== 'string') return producer
      invalid('producers', id, producer)
      return undefined
    },
  }
}
