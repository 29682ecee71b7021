import type { Body, Delivery, ProducerSequence, SendOptions, Sent } from '@holdfast/protocol'
import type { ClientOutbox, OutboxParts } from '../store.ts'
import type { PeerLink } from '../wire/wire.ts'
import type { Database } from './database.ts'
import { createLedger } from './ledger.ts'
import { createMarks } from './marks.ts'
import { createOrphanRecovery } from './orphan-recovery.ts'
import { createOwnProducer } from './own-producer.ts'
import { idle, step } from './phase.ts'
import type { Phase, PhaseCommand, PhaseInput } from './phase.ts'
import type { PageEventLike, StorePorts } from './ports.ts'
import { messageTask } from './producer.ts'
import type { Entry } from './producer.ts'
import type { Server } from './records.ts'
import type { StoreTrouble } from './trouble.ts'

export interface PersistenceOptions {
  readonly name: string
  readonly ttl: number
  readonly maxStored: number
  readonly ports: StorePorts
  trouble(what: StoreTrouble['what'], cause: unknown): void
  /** The store can be used by another client. */
  released(): void
}

/** The parts of the client that the store needs. */
export interface PersistenceHost extends Pick<OutboxParts, 'clock' | 'settled'> {
  outbox(): ClientOutbox
  /** Returns whether messages may be written to the server that accepted the client last. */
  isOpen(): boolean
}

/** The store of one client. */
export interface Persistence {
  /** Whether the store allows messages to be written. */
  readonly isWritable: boolean
  /** Why pending messages are only in memory, if some are. */
  readonly failure: { readonly cause: unknown } | undefined
  /** Resolves when all earlier messages were written or refused. */
  written(): Promise<void>
  /** Returns the sequence of the next message. Undefined without the randomness for the id of a producer. */
  next(): ProducerSequence | undefined
  /** A message was queued, in its place if it has one. */
  add(message: QueuedMessage): void
  /** A message has its outcome, whether it is stored or not. False if another page will report it. */
  settled(delivery: Delivery): boolean
  /** A server has accepted the client, and no message was written to it yet. */
  accepted(peer: NonNullable<PeerLink['peer']>): void
  /** Releases everything. Messages without an outcome stay in the database. */
  dispose(): Promise<void>
}

export interface QueuedMessage {
  readonly place: ProducerSequence | undefined
  readonly name: string | undefined
  readonly body: Body
  readonly bytes: number
  readonly delivery: Sent
  readonly how: SendOptions
}

export function createPersistence(options: PersistenceOptions, host: PersistenceHost): Persistence {
  const { ports } = options
  const { clock, isOpen, outbox } = host
  const databaseName = `holdfast:${options.name}`
  const lockName = (producer: unknown): string => `${databaseName}:${String(producer)}`
  let phase: Phase = idle
  let server: Server | undefined
  let started: Promise<void> | undefined
  let stopListening: (() => void) | undefined

  const fail = (what: 'unavailable' | 'failed', cause: unknown): void => {
    const previous = phase
    dispatch({ type: 'failed', cause })
    if (phase === previous) return
    ledger.journal.fail(cause)
    for (const { delivery } of own.current?.open.values() ?? []) ledger.unstored.set(delivery, cause)
    marks.release()
    options.trouble(what, cause)
    outbox().flush()
  }

  const ledger = createLedger({
    ...options,
    clock,
    databaseName,
    failed: (cause) => fail(cause instanceof TypeError ? 'unavailable' : 'failed', cause),
  })
  const { journal } = ledger
  const marks = createMarks(ledger, clock, () => outbox().flush())
  const own = createOwnProducer(ledger, ports, lockName, () => clock.wall())
  const recovery = createOrphanRecovery({
    ...options,
    ...host,
    ledger,
    lockName,
    server: () => server,
    isActive: () => phase.name === 'active',
  })

  /** Another page may have the producer, or may have had it. */
  const isAway = (): boolean => ['away', 'returning', 'returningLate'].includes(phase.name)

  const dispatch = (input: PhaseInput): void => {
    const [next, ...commands] = step(phase, input)
    phase = next
    for (const command of commands) actions[command]()
  }

  const start = async (): Promise<void> => {
    try {
      if (!ports.databases()) throw new TypeError('no IndexedDB here')
      if (!ports.locks()) throw new TypeError('no Web Locks here')
      // Before its messages, which cannot be found without it.
      ledger.note(own.make())
      stopListening = ports.listen(onPage)
      await own.lock()
    } catch (error) {
      return fail('unavailable', error)
    }
    dispatch({ type: 'locked' })
    await journal.open(prepare)
    await recovery.look()
  }

  const onPage = ({ type }: PageEventLike): void => {
    const isHidden = ports.isHidden()
    if (type === 'pagehide' || type === 'pageshow') dispatch({ type })
    // After the `pagehide` of a hidden page, no event follows.
    if (type === 'visibilitychange' || (type === 'pagehide' && isHidden))
      dispatch({ type: isHidden ? 'hidden' : 'visible' })
  }

  /** The browser may cache the page, and other pages must be able to send its messages. */
  const leave = (): void => {
    for (const { delivery, isWritten } of own.current!.open.values()) delivery.isShared = isWritten
    journal.suspend()
    recovery.abandon()
    own.unlock()
  }

  const comeBack = async (): Promise<void> => {
    try {
      await own.lock()
      await journal.open(prepare)
    } catch (error) {
      fail('failed', error)
    }
    dispatch({ type: 'locked' })
  }

  const prepare = async (database: Database): Promise<void> => {
    if (isAway()) {
      await own.reconcile(database)
      if (server && isOpen()) {
        own.settleTaken(server)
        marks.mark(server)
      }
    }
    await own.inherit(database)
  }

  const end = async (before: Promise<void> | undefined): Promise<void> => {
    await before
    const { current } = own
    // It is empty, because all its messages are settled.
    if (current?.open.size === 0) journal.push({ place: 'producers', key: current.id })
    await journal.close()
    recovery.abandon()
    own.unlock()
  }

  const actions: Record<PhaseCommand, () => unknown> = {
    start: () => (started = start()),
    return: comeBack,
    hurry: journal.hurry,
    leave,
    resume: () => outbox().flush(),
    look: recovery.look,
    end: () => (started = end(started)),
  }

  return {
    get isWritable() {
      return !isAway() && !marks.isHolding
    },
    get failure() {
      for (const cause of ledger.unstored.values()) return { cause }
      return undefined
    },
    written: journal.written,
    next() {
      try {
        const producer = own.make()
        return [producer.id, ++producer.last]
      } catch (error) {
        fail('unavailable', error)
        return undefined
      }
    },
    add({ place, how, ...message }) {
      const { delivery } = message
      if (phase.name === 'disposed' || delivery.outcome) return
      dispatch({ type: 'begin' })
      if (phase.name === 'failed') return void ledger.unstored.set(delivery, phase.cause)
      const at = clock.wall()
      const entry: Entry = {
        ...message,
        producer: own.make(),
        n: place![1],
        at,
        expiresAt: at + Math.min(how.ttl ?? Infinity, options.ttl),
        epoch: isOpen() && server ? server.epoch : null,
        isStrict: how.durability === 'strict',
        isWritten: false,
        isGone: false,
      }
      ledger.add(entry)
      journal.push(messageTask(entry))
    },
    settled(delivery) {
      const isReported = ledger.settle(delivery)
      if (isReported) recovery.advance()
      return isReported
    },
    accepted({ identity, producers: offer }) {
      if (phase.name === 'disposed') return
      server = { identity, epoch: offer?.epoch ?? '', ttl: offer?.ttl ?? 0 }
      dispatch({ type: 'begin' })
      if (phase.name === 'failed') return
      // A listener of an outcome may send.
      marks.hold()
      own.settleTaken(server)
      recovery.judge()
      marks.mark(server)
      recovery.advance()
      void recovery.look()
    },
    async dispose() {
      if (phase.name === 'disposed') return
      options.released()
      marks.release()
      stopListening?.()
      dispatch({ type: 'dispose' })
      await started
    },
  }
}
