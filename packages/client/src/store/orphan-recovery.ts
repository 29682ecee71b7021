import type { Outcome } from '@holdfast/protocol'
import type { ClientOutbox } from '../store.ts'
import { batchLength, createOrphanRows, endOf } from './orphan.ts'
import type { Orphan, RecoveryPorts, Waiting } from './orphan.ts'
import { createOrphanSearch } from './orphan-search.ts'
import { bodyOf, decodeMessage, isForgotten, outcomeOf, unknown } from './records.ts'
import type { MessageRecord, Server } from './records.ts'

/** Sends what pages that are gone have left. */
export interface OrphanRecovery {
  /** Looks for the producers of such pages. Never rejects. */
  look(): Promise<void>
  /** Settles messages that must not be sent to the current server. */
  judge(): void
  /** Queues the next messages, as far as there is room. */
  advance(): void
  /** Gives all orphans back, with what was queued of them: the page that takes them next reports the outcomes. */
  abandon(): void
}

export interface SenderPorts extends RecoveryPorts {
  outbox(): ClientOutbox
  /** The server that has accepted the client last. */
  server(): Server | undefined
  /** Whether messages may be written to it now. */
  isOpen(): boolean
}

/** How long after the end of a page its writes may still arrive in the database, in milliseconds. */
const lateness = 60_000

const foreign: Outcome = { status: 'undelivered', reason: 'session-lost' }

export function createOrphanRecovery(recovery: SenderPorts): OrphanRecovery {
  const { clock, ledger, isActive, isOpen } = recovery
  const { journal } = ledger
  const orphans = new Set<Orphan>()
  const rows = createOrphanRows(recovery)

  const isSendable = (): boolean => isActive() && isOpen() && recovery.server() !== undefined
  const hasRoom = ({ waiting }: Orphan): boolean => recovery.outbox().hasRoom(waiting[0]!.bytes)

  const search = createOrphanSearch(recovery, rows, (orphan) => {
    if (!isActive() || !(isSendable() || orphan.waiting.length === 0)) return false
    orphans.add(orphan)
    ledger.producers.set(orphan.id, orphan)
    orphan.taken++
    judge(orphan)
    advance(orphan)
    return true
  })

  const judge = (orphan: Orphan): void => {
    const server = recovery.server()
    if (!server) return
    const { identity } = orphan
    const isForeign = identity !== undefined && identity !== server.identity
    const now = clock.wall()
    orphan.waiting = orphan.waiting.filter((message) => {
      const { under } = message
      const refusal = under === null ? foreign : unknown
      const outcome = isForeign ? refusal : outcomeOf(message, under, server, now)
      if (outcome) rows.settle(orphan.id, message, outcome)
      return !outcome
    })
    for (const entry of [...orphan.open.values()])
      if (isForgotten(entry, entry.epoch, server, now)) entry.delivery.settle(unknown)
    // Not that of another identity: writes of its pages may still arrive in the database.
    if (identity === undefined) orphan.identity = server.identity
  }

  /** Queues the next messages of an orphan, once the last ones have their outcomes. */
  const advance = (orphan: Orphan): void => {
    if (orphan.isBusy || orphan.open.size > 0 || !orphans.has(orphan)) return
    if (orphan.waiting.length === 0) return finish(orphan)
    // Another page may have a connection.
    if (!isSendable()) return letGo(orphan)
    if (!hasRoom(orphan)) return
    busy(orphan, sendSome(orphan), () => {
      const isStuck = orphan.open.size > 0 || !isActive() || !isOpen()
      // Without room, the next outcome continues.
      if (!isStuck && (orphan.waiting.length === 0 || hasRoom(orphan))) advance(orphan)
    })
  }

  /** The journal reports what fails meanwhile. */
  const busy = (orphan: Orphan, work: Promise<void>, done: () => void): void => {
    orphan.isBusy = true
    void work
      .catch(() => {})
      .then(() => {
        orphan.isBusy = false
        done()
      })
  }

  const sendSome = async (orphan: Orphan): Promise<void> => {
    const server = recovery.server()!
    const found = await rows.read([orphan.id, orphan.waiting[0]!.n], endOf(orphan.id))
    const batch = found.map(decodeMessage).filter((message) => typeof message !== 'string')
    // A message is sent only after the database knows that it may have been.
    orphan.written = Math.max(orphan.epoch === server.epoch ? orphan.written : 0, batch.at(-1)?.n ?? 0)
    orphan.epoch = server.epoch
    ledger.note(orphan)
    await journal.written()
    for (const record of batch) {
      skipTo(orphan, record.n)
      const [message] = orphan.waiting
      if (!message || recovery.server() !== server || !isSendable() || !orphans.has(orphan)) return
      if (record.n !== message.n) continue
      if (!hasRoom(orphan)) return
      orphan.waiting.shift()
      queue(orphan, message, record)
    }
    skipTo(orphan, found.length < batchLength ? Infinity : (found.at(-1)!.n as number))
  }

  /** Messages that were deleted from the database cannot be sent. */
  const skipTo = ({ waiting }: Orphan, n: number): void => {
    // The number of an invalid row may be any value.
    while (waiting.length > 0 && !(waiting[0]!.n >= n)) waiting.shift()
  }

  /** The epoch under which it may have been written before is known here only: the database has the current one. */
  const queue = (producer: Orphan, { under: epoch, ...message }: Waiting, record: MessageRecord): void => {
    const { n, name, bytes, expiresAt } = message
    const body = bodyOf(record)
    producer.last = n
    const ttl = Math.max(0, expiresAt - clock.wall())
    const delivery = recovery.outbox().push(body, bytes, name, { ttl })
    delivery.isShared = epoch !== null
    if (delivery.outcome) return ledger.forget(producer.id, n)
    const state = { isStrict: false, isWritten: true, isGone: false }
    ledger.add({ ...message, ...state, producer, body, epoch, delivery })
  }

  /**
   * All found messages have an outcome. Writes of a closing page may arrive in the database after its lock was free,
   * so there is a second search.
   */
  const finish = (orphan: Orphan): void =>
    busy(orphan, findMore(orphan), () => {
      if (!orphans.has(orphan)) return
      if (orphan.waiting.length === 0) return forget(orphan)
      judge(orphan)
      advance(orphan)
    })

  const findMore = async (orphan: Orphan): Promise<void> => {
    await journal.written()
    orphan.waiting = await rows.readWaiting(orphan.id, orphan)
  }

  const forget = (orphan: Orphan): void => {
    const { id, emptiedAt } = orphan
    const now = clock.wall()
    // The next search must still find the last writes of a page.
    if (now - (emptiedAt ?? now) > lateness) journal.push({ place: 'producers', key: id })
    else if (emptiedAt === undefined) {
      orphan.emptiedAt = now
      ledger.note(orphan)
    }
    letGo(orphan)
  }

  const letGo = (orphan: Orphan): void => {
    orphans.delete(orphan)
    ledger.producers.delete(orphan.id)
    rows.release(orphan.release)
  }

  return {
    look: search.look,
    judge() {
      for (const orphan of orphans) judge(orphan)
    },
    advance() {
      for (const orphan of orphans) advance(orphan)
    },
    abandon() {
      search.stop()
      for (const { id, open, release } of orphans) {
        for (const entry of open.values()) {
          entry.isGone = true
          entry.delivery.settle(unknown)
        }
        ledger.producers.delete(id)
        release?.()
      }
      orphans.clear()
    },
  }
}
