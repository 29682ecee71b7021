import type { Body, Delivery, ProducerSequence, SendOptions, Sent } from '@holdfast/protocol'
import type { PeerLink } from '../store.ts'
import { createAdoption } from './adoption.ts'
import type { Held, KeeperHost } from './adoption.ts'
import type { Database } from './database.ts'
import { createJournal } from './journal.ts'
import type { Task, Writable } from './journal.ts'
import { producerTask, messageTask, newProducer, ownerTask } from './producer.ts'
import type { Entry, Producer } from './producer.ts'
import { lock } from './locks.ts'
import type { Key, PageEventLike, StorePorts } from './ports.ts'
import { decodeProducer, isForgotten, unknown, writtenUnder } from './records.ts'
import type { ProducerRow, MessageRow, Server } from './records.ts'
import type { StoreTrouble } from './trouble.ts'

export interface KeeperOptions {
  readonly name: string
  readonly ttl: number
  readonly maxStored: number
  readonly ports: StorePorts
  trouble(what: StoreTrouble['what'], cause: unknown): void
  /** The store can be given to another client. */
  released(): void
}

/** The store of one client. */
export interface Keeper {
  /** Whether messages may be written, as far as the store is concerned. */
  readonly isWritable: boolean
  /** The place of the next message. Undefined without the randomness for the id of a producer. */
  next(): ProducerSequence | undefined
  /** A message was queued. */
  add(
    place: ProducerSequence | undefined,
    body: Body,
    bytes: number,
    name: string | undefined,
    delivery: Sent,
    how: SendOptions,
  ): void
  /** A message has its outcome, whether it is persisted or not. False if nobody is to be told. */
  settled(delivery: Delivery): boolean
  /** A server has accepted the client, and nothing was written to it yet. */
  accepted(peer: NonNullable<PeerLink['peer']>): void
  /** Releases everything. Messages without an outcome stay in the database. */
  dispose(): Promise<void>
  /** Why open messages are only in memory, if some are. */
  readonly failure: { readonly cause: unknown } | undefined
  /** Resolves when all that was sent before was written, or refused. */
  written(): Promise<void>
}

/** How long messages wait until the database has been told that they will be written, in milliseconds. */
const markTimeout = 1_000

export function createKeeper(options: KeeperOptions, host: KeeperHost): Keeper {
  const { ports, trouble } = options
  const { clock } = host
  const databaseName = `holdfast:${options.name}`

  const producers: Held['producers'] = new Map()
  const entries: Held['entries'] = new Map()
  /** Those for which there was no room. */
  const refused = new Map<Writable, unknown>()
  let own: Producer | undefined
  /** The own producer was taken by another page while this one was away, with its last mark. */
  let isTaken = false
  let server: Server | undefined
  let begun: Promise<void> | undefined
  let stopListening: (() => void) | undefined
  let isDisposed = false
  let failure: { readonly cause: unknown } | undefined
  /** What was sent since, and has no outcome yet. */
  const unkept = new Set<Delivery>()
  /** The page has let go of its producer, and has not got it back. */
  let isAway = false
  /** It is about to get it back. */
  let isReturning = false
  let isLeaving = false
  /** What messages wait for while the database does not know yet that they will be written; another one each time. */
  let hold: object | undefined
  let holdTimer: unknown

  const { isOpen } = host

  const lockName = (producer: Key): string => [databaseName, producer].join(':')

  const fail = (what: 'unavailable' | 'failed', cause: unknown): void => {
    if (failure) return
    failure = { cause }
    journal.fail(cause)
    refused.clear()
    isAway = false
    unhold()
    trouble(what, cause)
    host.outbox().flush()
  }

  // Writing

  const everything = (): Task[] => {
    refused.clear()
    const tasks: Task[] = server ? [ownerTask(server.identity)] : []
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
    // Before anything of the own producer is in the database, so that nobody can take it for that of somebody else.
    async opened(database) {
      if (isReturning) await reconcile(database)
      if (!own || own.identity !== undefined) return
      const owner = await readProducer(database, '')
      if (own.identity === undefined) own.identity = owner?.identity
    },
    everything,
    refused(item, cause) {
      if (item.isGone) return
      refused.set(item, cause)
      if (refused.size === 1) trouble('quota', cause)
    },
    failed: (cause) => fail(cause instanceof TypeError ? 'unavailable' : 'failed', cause),
  })

  const invalid: Held['invalid'] = (place, key, fault) => {
    journal.push({ place, key })
    trouble('invalid', new Error(`${place} ${JSON.stringify(key)}: ${fault}`))
  }

  const readProducer: Held['readProducer'] = async (from, id) => {
    const row = (await from.read('producers', (store) => store.get(id))) as ProducerRow | undefined
    const producer = row && decodeProducer(row)
    if (typeof producer !== 'string') return producer
    invalid('producers', id, producer)
    return undefined
  }

  const note = (producer: Producer): void => journal.push(producerTask(producer))

  const held: Held = {
    host,
    ports,
    journal,
    producers,
    entries,
    maxStored: options.maxStored,
    server: () => server,
    isOpen,
    isActive: () => !isDisposed && !failure && !isAway && !isLeaving,
    lockName,
    note,
    readProducer,
    invalid,
  }
  const adoption = createAdoption(held)

  // Producers

  const ownProducer = (): Producer => {
    if (own) return own
    // 132 bits.
    own = newProducer(ports.randomBytes(22))
    producers.set(own.id, own)
    return own
  }

  const lockOwn = async (): Promise<void> => {
    if (own) own.release = await lock(ports.locks()!, lockName(own.id))
  }

  const start = async (): Promise<void> => {
    try {
      if (!ports.databases()) throw new TypeError('no IndexedDB here')
      if (!ports.locks()) throw new TypeError('no Web Locks here')
      // Ahead of its messages, which nobody would find without it.
      note(ownProducer())
      stopListening = ports.listen(onPage)
      await lockOwn()
    } catch (error) {
      return fail('unavailable', error)
    }
    await journal.open()
    await adoption.look()
  }

  const begin = (): void => {
    if (!isDisposed) begun ??= start()
  }

  /** What another page may have sent to a server that is no more must not be sent by this one. */
  const settleTaken = (): void => {
    if (!own || !isTaken || !server) return
    isTaken = false
    const now = clock.wall()
    for (const entry of [...own.open.values()])
      if (isForgotten(entry, writtenUnder(entry, own), server, now)) entry.delivery.settle(unknown)
  }

  // Pages

  const onPage = ({ type, persisted }: PageEventLike): void => {
    if (type === 'pagehide') {
      isLeaving = true
      journal.hurry()
      // In a hidden page, nothing else follows.
      if (ports.isHidden()) leave()
    } else if (type === 'pageshow') {
      isLeaving = false
      if (persisted) void comeBack()
    } else if (!ports.isHidden()) {
      if (!isAway) void adoption.look()
    } else if (isLeaving) leave()
  }

  /** The page may be kept as it is, and others must be able to send what it has left. */
  const leave = (): void => {
    if (failure || isAway || !own?.release) return
    isAway = true
    for (const { delivery, isWritten } of own.open.values()) delivery.isShared = isWritten
    journal.suspend()
    adoption.abandon()
    own.release()
    own.release = undefined
  }

  const comeBack = async (): Promise<void> => {
    if (!isAway || isReturning || failure || isDisposed) return
    isReturning = true
    try {
      await lockOwn()
      await journal.open()
    } catch (error) {
      fail('failed', error)
    }
    isReturning = false
    isAway = false
    // What came of it meanwhile is in the database now.
    if (isDisposed) return end()
    if (isLeaving) return leave()
    host.outbox().flush()
    await adoption.look()
  }

  /** Another page may have sent some of our messages, and told what became of them. */
  const reconcile = async (database: Database): Promise<void> => {
    if (!own) return
    const producer = own
    const found = await readProducer(database, producer.id)
    isTaken = found?.taken !== producer.taken
    if (isTaken) {
      producer.taken = found?.taken ?? producer.taken
      producer.epoch = found?.epoch ?? producer.epoch
      producer.written = found?.written ?? producer.written
      const range = ports.keyRange([producer.id, 0], [producer.id, Infinity])
      const left = (await database.read('messages', (store) => store.getAll(range))) as MessageRow[]
      const present = new Set(left.map(({ n }) => n))
      for (const entry of [...producer.open.values()])
        if (entry.isWritten && !present.has(entry.n)) entry.delivery.settle(unknown)
    }
    for (const entry of producer.open.values())
      entry.delivery.isShared = isTaken && writtenUnder(entry, producer) !== null
    if (isOpen()) settleTaken()
    for (const task of everything()) journal.push(task)
    if (server && isOpen()) mark(server)
  }

  // Client

  const settled = (delivery: Delivery): boolean => {
    unkept.delete(delivery)
    const entry = entries.get(delivery)
    if (entry) {
      entries.delete(delivery)
      // It was given back.
      if (entry.isGone) return false
      refused.delete(entry)
      entry.isGone = true
      entry.producer.open.delete(entry.n)
      if (entry.isWritten && !failure) journal.push({ place: 'messages', key: [entry.producer.id, entry.n] })
    }
    adoption.progressed()
    return true
  }

  const end = async (): Promise<void> => {
    // It is empty, because all of it is settled.
    if (own && !failure && own.open.size === 0) journal.push({ place: 'producers', key: own.id })
    await journal.close()
    adoption.abandon()
    own?.release?.()
  }

  const isMarked = (entry: Entry, epoch: string): boolean =>
    !entry.isWritten || writtenUnder(entry, entry.producer) === epoch

  /** Tells the database that the messages may be written to this server, and holds them back until it knows. */
  const mark = ({ identity, epoch }: Server): void => {
    let isNews = false
    for (const producer of producers.values()) {
      for (const entry of producer.open.values()) isNews ||= !isMarked(entry, epoch)
      if (producer.isOwn) producer.identity = identity
      producer.written = producer.epoch === epoch ? Math.max(producer.written, producer.last) : producer.last
      producer.epoch = epoch
      note(producer)
    }
    journal.push(ownerTask(identity))
    unhold()
    if (!isNews) return
    const current = (hold = {})
    const open = (): void => {
      if (hold !== current) return
      unhold()
      host.outbox().flush()
    }
    holdTimer = clock.setTimer(open, markTimeout)
    journal.written().then(open, open)
  }

  const unhold = (): void => {
    hold = undefined
    clock.clearTimer(holdTimer)
  }

  return {
    get failure() {
      if (failure) return unkept.size > 0 || (own && own.open.size > 0) ? failure : undefined
      for (const cause of refused.values()) return { cause }
      return undefined
    },
    written: () => journal.written(),

    get isWritable() {
      return !isAway && !hold
    },
    next() {
      try {
        const producer = ownProducer()
        return [producer.id, ++producer.last]
      } catch (error) {
        fail('unavailable', error)
        return undefined
      }
    },
    add(place, body, bytes, name, delivery, { ttl = Infinity, durability }) {
      if (isDisposed || delivery.outcome) return
      begin()
      if (failure || !own || !place) return void unkept.add(delivery)
      const [, n] = place
      const at = clock.wall()
      const entry: Entry = {
        producer: own,
        n,
        name,
        body,
        bytes,
        at,
        expiresAt: at + Math.min(ttl, options.ttl),
        epoch: isOpen() && server ? server.epoch : null,
        delivery,
        isStrict: durability === 'strict',
        isWritten: false,
        isGone: false,
      }
      entries.set(delivery, entry)
      own.open.set(n, entry)
      journal.push(messageTask(entry))
    },
    settled,
    accepted({ identity, producers: offer }) {
      if (isDisposed) return
      server = { identity, epoch: offer?.epoch ?? '', ttl: offer?.ttl ?? 0 }
      // Outcomes that nobody has heard of yet: what they are of must not be written down as sent to this server.
      for (const delivery of [...entries.keys()]) if (delivery.outcome) settled(delivery)
      begin()
      if (failure) return
      // A listener that hears of an outcome may send.
      hold = {}
      settleTaken()
      adoption.judge()
      mark(server)
      adoption.greeted()
    },
    async dispose() {
      if (isDisposed) return
      isDisposed = true
      options.released()
      unhold()
      stopListening?.()
      await begun
      await end()
    },
  }
}
