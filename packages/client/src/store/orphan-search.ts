import type { Outcome } from '@holdfast/protocol'
import { newAbort } from '../platform/ports.ts'
import { lock, tryLock } from './locks.ts'
import { endOf } from './orphan.ts'
import type { Orphan, OrphanRows, RecoveryPorts, Waiting } from './orphan.ts'
import type { Key } from './ports.ts'
import { idleProducer } from './producer.ts'
import { unknown } from './records.ts'
import type { ProducerRow } from './records.ts'

/** Finds the producers of pages that are gone, and locks them. */
export interface OrphanSearch {
  /** Looks for orphans, and waits for the locks of producers that are still in use. Never rejects. */
  look(): Promise<void>
  /** Waits for no lock any more. */
  stop(): void
}

const overflow: Outcome = { status: 'undelivered', reason: 'overflow' }

/** `found` is given each orphan, locked, and answers whether it is taken; if not, the lock is released. */
export function createOrphanSearch(
  recovery: RecoveryPorts,
  rows: OrphanRows,
  found: (orphan: Orphan) => boolean,
): OrphanSearch {
  const { ledger, isActive, lockName } = recovery
  const locks = () => recovery.ports.locks()!
  /** The functions that end waits for the locks of other pages, by producer. */
  const waits = new Map<Key, () => void>()
  let looking: Promise<void> | undefined
  let isWanted = false

  const look = (): Promise<void> => {
    isWanted = true
    looking ??= search()
      // The journal reports what fails in the database.
      .catch(() => {})
      .then(() => {
        looking = undefined
        // A request arrived when the search was about to end.
        if (isWanted && isActive()) void look()
      })
    return looking
  }

  const search = async (): Promise<void> => {
    while (isWanted && isActive()) {
      isWanted = false
      const orphans: Orphan[] = []
      try {
        for (const id of await findProducers()) {
          const orphan = ledger.producers.has(id as string) ? undefined : await take(id)
          if (orphan) orphans.push(orphan)
        }
        if (isActive()) trim(orphans)
      } finally {
        for (const orphan of orphans) if (!found(orphan)) rows.release(orphan.release)
      }
    }
  }

  /** Returns the producers with a record or a message. A producer has its record before it has messages. */
  const findProducers = async (): Promise<Set<Key>> => {
    const ids = new Set<Key>()
    for (let from: Key = []; ;) {
      const [row] = await rows.read(from, [[[]]], 1)
      if (!row) break
      ids.add(row.producer)
      from = endOf(row.producer)
    }
    const records = (await ledger.journal.read('producers', (store) => store.getAll())) as ProducerRow[]
    for (const { id } of records) ids.add(id)
    // The record of the database's identity.
    ids.delete('')
    return ids
  }

  /** Locks a producer whose page is gone, and reads its messages. */
  const take = async (id: Key): Promise<Orphan | undefined> => {
    const release = await tryLock(locks(), lockName(id))
    if (!release) {
      wait(id)
      return undefined
    }
    let orphan: Orphan | undefined
    try {
      const record = await ledger.readProducer(ledger.journal, id)
      const waiting = await rows.readWaiting(id, record)
      orphan = record && { ...record, ...idleProducer(false, release), waiting, isBusy: false }
    } finally {
      if (!orphan) rows.release(release)
    }
    return orphan
  }

  /** Its page is alive. When the page is gone, one of the waiting pages gets the lock. */
  const wait = (id: Key): void => {
    if (waits.has(id) || !isActive()) return
    const abort = newAbort()
    waits.set(id, () => abort.abort())
    const forget = (): void => void waits.delete(id)
    lock(locks(), lockName(id), abort.signal).then((release) => {
      forget()
      release()
      void look()
    }, forget)
  }

  /** Settles the oldest messages, as far as there are too many. */
  const trim = (orphans: readonly Orphan[]): void => {
    const all = orphans.flatMap((orphan) => orphan.waiting.map((message) => ({ orphan, message })))
    let bytes = all.reduce((sum, { message }) => sum + message.bytes, 0)
    if (bytes <= recovery.maxStored) return
    all.sort((one, other) => one.message.at - other.message.at)
    const dropped = new Set<Waiting>()
    for (const { orphan, message } of all) {
      if (bytes <= recovery.maxStored) break
      bytes -= message.bytes
      dropped.add(message)
      rows.settle(orphan.id, message, message.under === null ? overflow : unknown)
    }
    for (const orphan of orphans) {
      orphan.waiting = orphan.waiting.filter((message) => !dropped.has(message))
      // Its page may come back, and has to see that another one has settled messages.
      orphan.taken++
      ledger.note(orphan)
    }
  }

  return {
    look,
    stop() {
      for (const end of waits.values()) end()
    },
  }
}
