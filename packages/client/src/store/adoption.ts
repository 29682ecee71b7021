import type { Delivery, Outcome } from '@holdfast/protocol'
import { newAbort } from '../connection/ports.ts'
import type { ClientOutbox, OutboxParts } from '../store.ts'
import type { StoreName } from './database.ts'
import type { Journal } from './journal.ts'
import type { Entry, Producer } from './producer.ts'
import { lock, tryLock } from './locks.ts'
import type { Key, StorePorts } from './ports.ts'
import { bodyOf, decodeMessage, isForgotten, outcomeOf, unknown, writtenUnder } from './records.ts'
import type { ProducerRecord, ProducerRow, MessageRecord, MessageRow, Server } from './records.ts'

/** What the store needs of the client whose outbox it wraps. */
export interface KeeperHost extends Pick<OutboxParts, 'clock' | 'settled'> {
  outbox(): ClientOutbox
  /** Whether messages may be written to the server that has accepted the client last. */
  isOpen(): boolean
}

/** What the adoption shares with the keeper. */
export interface Held {
  readonly host: KeeperHost
  readonly ports: StorePorts
  readonly journal: Journal
  /** The producers that are locked by this page, by id. */
  readonly producers: Map<string, Producer>
  readonly entries: Map<Delivery, Entry>
  readonly maxStored: number
  /** The server of the last greeting. */
  server(): Server | undefined
  /** Whether messages may be written now. */
  isOpen(): boolean
  /** Whether producers may be taken over, and sent. */
  isActive(): boolean
  lockName(producer: Key): string
  /** Writes down a producer as it is when it is written. */
  note(producer: Producer): void
  /** Undefined if there is none, and for one that is not what it should be. */
  readProducer(from: Pick<Journal, 'read'>, id: Key): Promise<ProducerRecord | undefined>
  /** Deletes a row that is not what it should be, and tells of it. */
  invalid(place: StoreName, key: Key, fault: string): void
}

/** Takes over the producers of pages that are gone, and sends what is in them. */
export interface Adoption {
  /** Looks for such producers, and waits for those that are still in use. Never rejects. */
  look(): Promise<void>
  /** Settles what must not be sent to the server that there is now. */
  judge(): void
  /** A server has taken us in. */
  greeted(): void
  /** A message has its outcome. */
  progressed(): void
  /** Gives back all producers that were taken over, with what was queued of them: whoever takes them next tells of it. */
  abandon(): void
}

/** A message that is in the database only. */
type Waiting = Pick<MessageRecord, 'n' | 'name' | 'at' | 'expiresAt' | 'bytes'> & {
  /** The epoch that it may have been written under. */
  readonly under: string | null
}

interface Adopted extends Producer {
  waiting: Waiting[]
  /** It was taken over; from then on somebody sees to its end. */
  isTaken: boolean
  /** The next ones are on their way from the database into the queue. */
  isBusy: boolean
}

function waitingOf(message: MessageRecord, producer: Pick<ProducerRecord, 'epoch' | 'written'>): Waiting {
  const { n, name, at, expiresAt, bytes } = message
  return { n, name, at, expiresAt, bytes, under: writtenUnder(message, producer) }
}

/** What comes after every key of a producer, whatever its numbers are. */
function endOf(producer: Key): Key {
  return [producer, [[]]]
}

/** How many messages are read, and how many of a producer are queued, at a time. */
const batchLength = 256

/** How long after the end of a page something of it may come into the database, in milliseconds. */
const lateness = 60_000

const overflow: Outcome = { status: 'undelivered', reason: 'overflow' }
const foreign: Outcome = { status: 'undelivered', reason: 'session-lost' }

export function createAdoption(held: Held): Adoption {
  const { host, ports, journal, producers, entries, isActive, isOpen } = held
  const adopted = new Set<Adopted>()
  /** Ends the waits for the locks of others, by their producers. */
  const waits = new Map<Key, () => void>()
  let looking: Promise<void> | undefined
  let isWanted = false

  const readFrom = (from: Key, to: Key, count = batchLength): Promise<MessageRow[]> =>
    journal.read('messages', (store) => store.getAll(ports.keyRange(from, to), count)) as Promise<
      MessageRow[]
    >

  /** What is no message of its producer gets its outcome, and is deleted. */
  const drop = (id: Key, { n, name }: Pick<MessageRow, 'n' | 'name'>, fault: string): void => {
    held.invalid('messages', [id, n], fault)
    host.settled(typeof name === 'string' ? name : undefined, unknown, 0)
  }

  /** Nobody knows whose the messages of a producer without a record are, and whether they were written. */
  const readProducer = async (
    id: Key,
    producer: ProducerRecord | Producer | undefined,
  ): Promise<Waiting[]> => {
    const waiting: Waiting[] = []
    for (let from: Key = [id]; ;) {
      const rows = await readFrom(from, endOf(id))
      for (const row of rows) {
        const message = producer ? decodeMessage(row) : 'producer'
        if (typeof message === 'string') drop(id, row, message)
        else waiting.push(waitingOf(message, producer!))
      }
      if (rows.length < batchLength) return waiting
      from = [id, rows.at(-1)!.n, 0]
    }
  }

  // Looking

  const look = (): Promise<void> => {
    isWanted = true
    looking ??= search()
      // The journal tells of what fails in the database.
      .catch(() => {})
      .then(() => {
        looking = undefined
        // Somebody asked when it was about to end.
        if (isWanted && isActive()) void look()
      })
    return looking
  }

  /** The producers of which there is a record or a message. A producer has its record before it has messages. */
  const findProducers = async (): Promise<Set<Key>> => {
    const ids = new Set<Key>()
    for (let from: Key = []; ;) {
      const [row] = await readFrom(from, [[[]]], 1)
      if (!row) break
      ids.add(row.producer)
      from = endOf(row.producer)
    }
    const rows = (await journal.read('producers', (store) => store.getAll())) as ProducerRow[]
    for (const { id } of rows) ids.add(id)
    ids.delete('')
    return ids
  }

  const search = async (): Promise<void> => {
    while (isWanted && isActive()) {
      isWanted = false
      const found: Adopted[] = []
      try {
        for (const id of await findProducers()) {
          if (producers.has(id as string)) continue
          const producer = await take(id)
          if (producer) found.push(producer)
        }
        if (isActive()) trim(found)
        for (const producer of found)
          if (isActive() && (isSendable() || producer.waiting.length === 0)) adopt(producer)
      } finally {
        for (const producer of found) if (!producer.isTaken) release(producer)
      }
    }
  }

  const isSendable = (): boolean => isActive() && isOpen() && held.server() !== undefined

  /** Locks a producer whose page is gone, and reads what is in it. */
  const take = async (id: Key): Promise<Adopted | undefined> => {
    const go = await tryLock(ports.locks()!, held.lockName(id))
    if (!go) {
      wait(id)
      return undefined
    }
    let producer: Adopted | undefined
    try {
      producer = await load(id, go)
    } finally {
      if (!producer) release({ release: go })
    }
    return producer
  }

  /** Its page lives. Once that is gone, one of those who wait gets the lock. */
  const wait = (id: Key): void => {
    if (waits.has(id) || !isActive()) return
    const abort = newAbort()
    waits.set(id, () => abort.abort())
    const forget = (): void => void waits.delete(id)
    lock(ports.locks()!, held.lockName(id), abort.signal).then((go) => {
      forget()
      go()
      void look()
    }, forget)
  }

  const load = async (id: Key, release: () => void): Promise<Adopted | undefined> => {
    const producer = await held.readProducer(journal, id)
    const waiting = await readProducer(id, producer)
    return (
      producer && {
        ...producer,
        isOwn: false,
        last: 0,
        open: new Map(),
        release,
        waiting,
        isTaken: false,
        isBusy: false,
      }
    )
  }

  /** A message gets its outcome without having been queued. */
  const settle = ({ id }: Producer, { n, name, bytes }: Waiting, outcome: Outcome): void => {
    journal.push({ place: 'messages', key: [id, n] })
    host.settled(name, outcome, bytes)
  }

  /** The oldest go, as far as there are too many. */
  const trim = (found: readonly Adopted[]): void => {
    const all = found.flatMap((producer) => producer.waiting.map((message) => ({ producer, message })))
    let bytes = all.reduce((sum, { message }) => sum + message.bytes, 0)
    if (bytes <= held.maxStored) return
    all.sort((one, other) => one.message.at - other.message.at)
    const dropped = new Set<Waiting>()
    for (const { producer, message } of all) {
      if (bytes <= held.maxStored) break
      bytes -= message.bytes
      dropped.add(message)
      settle(producer, message, message.under === null ? overflow : unknown)
    }
    for (const producer of found) {
      producer.waiting = producer.waiting.filter((message) => !dropped.has(message))
      // Its page may come back, and has to see that something became of them.
      producer.taken++
      held.note(producer)
    }
  }

  // Sending

  const adopt = (producer: Adopted): void => {
    producer.isTaken = true
    adopted.add(producer)
    producers.set(producer.id, producer)
    producer.taken++
    judge(producer)
    advance(producer)
  }

  /** Settles what must not be sent to the server that there is now. */
  const judge = (producer: Adopted): void => {
    const server = held.server()
    if (!server) return
    const isForeign = producer.identity !== undefined && producer.identity !== server.identity
    const now = host.clock.wall()
    producer.waiting = producer.waiting.filter((message) => {
      const { under } = message
      const outcome = isForeign
        ? under === null
          ? foreign
          : unknown
        : outcomeOf(message, under, server, now)
      if (outcome) settle(producer, message, outcome)
      return !outcome
    })
    for (const entry of [...producer.open.values()])
      if (isForgotten(entry, entry.epoch, server, now)) entry.delivery.settle(unknown)
    // Not that of somebody else: something of theirs may still come into the database.
    if (producer.identity === undefined) producer.identity = server.identity
  }

  const advance = (producer: Adopted): void => {
    if (producer.isBusy || producer.open.size > 0 || !adopted.has(producer)) return
    if (producer.waiting.length === 0) return finish(producer)
    // Another page may have a connection.
    if (!isSendable()) return letGo(producer)
    if (!host.outbox().hasRoom(producer.waiting[0]!.bytes)) return
    producer.isBusy = true
    void sendSome(producer)
      .catch(() => {})
      .then(() => {
        producer.isBusy = false
        if (producer.open.size === 0 && isActive() && isOpen()) retry(producer)
      })
  }

  /** Unless there is no room, in which case the next outcome is waited for. */
  const retry = (producer: Adopted): void => {
    if (producer.waiting.length === 0 || host.outbox().hasRoom(producer.waiting[0]!.bytes)) advance(producer)
  }

  const sendSome = async (producer: Adopted): Promise<void> => {
    const server = held.server()!
    const rows = await readFrom([producer.id, producer.waiting[0]!.n], endOf(producer.id))
    const batch = rows.map(decodeMessage).filter((message) => typeof message !== 'string')
    // Nothing is sent of which the database does not know that it may have been.
    producer.written = Math.max(producer.epoch === server.epoch ? producer.written : 0, batch.at(-1)?.n ?? 0)
    producer.epoch = server.epoch
    held.note(producer)
    await journal.written()
    for (const record of batch) {
      skipTo(producer, record.n)
      const [message] = producer.waiting
      if (!message || held.server() !== server || !isSendable() || !adopted.has(producer)) return
      if (record.n !== message.n) continue
      if (!host.outbox().hasRoom(message.bytes)) return
      producer.waiting.shift()
      queue(producer, record, message.under)
    }
    skipTo(producer, rows.length < batchLength ? Infinity : (rows.at(-1)!.n as number))
  }

  /** What is not in the database any more cannot be sent. */
  const skipTo = (producer: Adopted, n: number): void => {
    // The number of a row that is no message may be anything.
    while (producer.waiting.length > 0 && !(producer.waiting[0]!.n >= n)) producer.waiting.shift()
  }

  /** What it may have been written under before is known here only: in the database, it is under the server of now. */
  const queue = (producer: Adopted, record: MessageRecord, epoch: Waiting['under']): void => {
    const { n, name, at, expiresAt, bytes } = record
    const body = bodyOf(record)
    producer.last = n
    const delivery = host
      .outbox()
      .push(body, bytes, name, { ttl: Math.max(0, expiresAt - host.clock.wall()) })
    delivery.isShared = epoch !== null
    const entry: Entry = {
      producer,
      n,
      name,
      body,
      bytes,
      at,
      expiresAt,
      epoch,
      delivery,
      isStrict: false,
      isWritten: true,
      isGone: false,
    }
    if (delivery.outcome) return journal.push({ place: 'messages', key: [producer.id, n] })
    entries.set(delivery, entry)
    producer.open.set(n, entry)
  }

  /**
   * All that was found has its outcome. What a page wrote in its last moment may come into the database after its lock
   * was free, so there is a second look.
   */
  const finish = (producer: Adopted): void => {
    producer.isBusy = true
    void findMore(producer)
      .catch(() => {})
      .then(() => {
        producer.isBusy = false
        if (!adopted.has(producer)) return
        if (producer.waiting.length === 0) return forget(producer)
        judge(producer)
        advance(producer)
      })
  }

  const findMore = async (producer: Adopted): Promise<void> => {
    await journal.written()
    producer.waiting = await readProducer(producer.id, producer)
  }

  const forget = (producer: Adopted): void => {
    adopted.delete(producer)
    producers.delete(producer.id)
    const now = host.clock.wall()
    // What a page wrote in its last moment must still be found by whoever looks next.
    if (now - (producer.emptiedAt ?? now) > lateness) journal.push({ place: 'producers', key: producer.id })
    else if (producer.emptiedAt === undefined) {
      producer.emptiedAt = now
      held.note(producer)
    }
    release(producer)
  }

  const letGo = (producer: Adopted): void => {
    adopted.delete(producer)
    producers.delete(producer.id)
    release(producer)
  }

  /** Once the database has what became of its messages. */
  const release = ({ release: go }: Pick<Producer, 'release'>): void => {
    if (go) void journal.written().then(go, go)
  }

  return {
    look,
    judge() {
      for (const producer of adopted) judge(producer)
    },
    greeted() {
      if (!isSendable()) return
      for (const producer of adopted) advance(producer)
      void look()
    },
    progressed() {
      for (const producer of adopted) advance(producer)
    },
    abandon() {
      for (const end of waits.values()) end()
      for (const producer of adopted) {
        for (const entry of producer.open.values()) {
          entry.isGone = true
          entry.delivery.settle(unknown)
        }
        producers.delete(producer.id)
        producer.release?.()
      }
      adopted.clear()
    },
  }
}
