import type { Database } from './database.ts'
import type { Ledger } from './ledger.ts'
import { lock } from './locks.ts'
import type { StorePorts } from './ports.ts'
import { newProducer } from './producer.ts'
import type { Producer } from './producer.ts'
import { isForgotten, unknown, writtenUnder } from './records.ts'
import type { MessageRow, Server } from './records.ts'

/** The producer of this page: its id, its lock, and what other pages did with it while this one was away. */
export interface OwnProducer {
  /** Undefined until it is needed. */
  readonly current: Producer | undefined
  /** @throws what the platform throws when asked for randomness */
  make(): Producer
  /** Waits until no other page has it. */
  lock(): Promise<void>
  /** Lets other pages have it, with all that was written of it. */
  unlock(): void
  /** Takes over for whom the database was last, before anything of the producer is in it. */
  inherit(database: Database): Promise<void>
  /** Settles what another page has settled meanwhile, and writes down the rest. */
  reconcile(database: Database): Promise<void>
  /** Settles what another page may have sent to a server that does not remember it. */
  settleTaken(server: Server): void
}

export function createOwnProducer(
  { producers, noteAll, readProducer }: Ledger,
  ports: StorePorts,
  lockName: (producer: string) => string,
  now: () => number,
): OwnProducer {
  let own: Producer | undefined
  /** Another page had taken it at the last return, and no server has accepted the client since. */
  let isTaken = false

  const readNumbers = async (database: Database, id: string): Promise<Set<unknown>> => {
    const range = ports.keyRange([id, 0], [id, Infinity])
    const rows = (await database.read('messages', (store) => store.getAll(range))) as MessageRow[]
    return new Set(rows.map(({ n }) => n))
  }

  return {
    get current() {
      return own
    },
    make() {
      if (own) return own
      // 132 bits.
      own = newProducer(ports.randomBytes(22))
      producers.set(own.id, own)
      return own
    },
    async lock() {
      if (own) own.release = await lock(ports.locks()!, lockName(own.id))
    },
    unlock() {
      own?.release?.()
      if (own) own.release = undefined
    },
    async inherit(database) {
      if (!own || own.identity !== undefined) return
      const owner = await readProducer(database, '')
      if (own.identity === undefined) own.identity = owner?.identity
    },
    async reconcile(database) {
      const producer = own!
      const { id, open } = producer
      const found = await readProducer(database, id)
      isTaken = found?.taken !== producer.taken
      if (isTaken) {
        const { taken, epoch, written } = found ?? producer
        Object.assign(producer, { taken, epoch, written })
        const present = await readNumbers(database, id)
        for (const { delivery, isWritten, n } of [...open.values()])
          if (isWritten && !present.has(n)) delivery.settle(unknown)
      }
      for (const entry of open.values())
        entry.delivery.isShared = isTaken && writtenUnder(entry, producer) !== null
      noteAll()
    },
    settleTaken(server) {
      if (!own || !isTaken) return
      isTaken = false
      const at = now()
      for (const entry of [...own.open.values()])
        if (isForgotten(entry, writtenUnder(entry, own), server, at)) entry.delivery.settle(unknown)
    },
  }
}
