import type { Clock } from '@holdfast/protocol'
import { openDatabase } from './database.ts'
import type { Database, StoreName, Task, Writable } from './database.ts'
import type { ObjectStoreLike, RequestLike, StorePorts } from './ports.ts'
import { writeTasks } from './quota.ts'

/**
 * Writes tasks to the database, in order: what is pushed while one transaction runs goes into the next. Reopens a database
 * that failed and writes everything anew; gives up if that fails as well.
 */
export interface Journal {
  /** Opens the database, and begins to write once `prepare` is done with it. Never rejects. */
  open(prepare: (database: Database) => Promise<void>): Promise<void>
  push(task: Task): void
  /** Resolves when all earlier tasks are written or refused, and rejects once nothing can be written any more. */
  written(): Promise<void>
  read<Result>(place: StoreName, ask: (store: ObjectStoreLike) => RequestLike<Result>): Promise<Result>
  /** From here on no transaction waits for another, because the page may end after this turn. */
  hurry(): void
  /** Closes the database until `open()`. */
  suspend(): void
  /** Writes what is left, and closes the database. */
  close(): Promise<void>
  /** Stops writing permanently. */
  fail(cause: unknown): void
}

export interface JournalPorts {
  readonly ports: StorePorts
  readonly clock: Clock
  readonly name: string
  /** All tasks that fill a database anew, after a failure that may have lost something. */
  everything(): Task[]
  /** There is no space for it. */
  refused(item: Writable, cause: unknown): void
  /** The database cannot be used. */
  failed(cause: unknown): void
}

/** The maximum of tasks per transaction: adding them takes some 20 ms, in which the page is blocked. */
const maxBatch = 512
interface Waiter {
  /** The number of tasks to complete. */
  upTo: number
  resolve(): void
  reject(cause: unknown): void
}

export function createJournal(journalPorts: JournalPorts): Journal {
  const { ports, clock, name, everything, refused } = journalPorts
  let state: 'closed' | 'opening' | 'open' | 'suspended' | 'failed' = 'closed'
  let database: Database | undefined
  let queue: Task[] = []
  /** The number of tasks so far, and of those in a transaction. */
  let pushed = 0
  let taken = 0
  let waiters: Waiter[] = []
  let running = 0
  let isDue = false
  let isHurried = false
  /** Whether the database failed since its last successful write. */
  let isRepaired = false
  let failure: unknown
  let prepare: (database: Database) => Promise<void>

  const shut = (next: 'closed' | 'suspended' | 'failed'): void => {
    state = next
    database?.close()
    database = undefined
  }

  const fail = (cause: unknown): void => {
    if (state === 'failed') return
    shut('failed')
    failure = cause
    queue = []
    const disappointed = waiters
    waiters = []
    journalPorts.failed(cause)
    for (const { reject } of disappointed) reject(cause)
  }

  const connect = async (): Promise<void> => {
    state = 'opening'
    const opened = await openDatabase(ports, clock, name, (cause) => broke(opened, cause))
    try {
      await prepare(opened)
    } catch (error) {
      opened.close()
      throw error
    }
    // The journal may have been suspended meanwhile.
    if (state !== 'opening') return opened.close()
    database = opened
    state = 'open'
  }

  /** Opens the database again, and writes everything anew. */
  const repair = async (cause: unknown): Promise<void> => {
    if (isRepaired) return fail(cause)
    isRepaired = true
    try {
      await connect()
      // Deletions stay, and `everything()` contains all values to put.
      queue = [...queue.filter(({ value }) => !value), ...everything()]
      recount()
      pump()
    } catch (error) {
      fail(error)
    }
  }

  const broke = (failed: Database, cause: unknown): void => {
    if (database !== failed) return
    database = undefined
    failed.close()
    void repair(cause)
  }

  /** The queue was replaced: all waiters wait for the whole of it. */
  const recount = (): void => {
    pushed = taken + queue.length
    for (const waiter of waiters) waiter.upTo = pushed
  }

  const start = async (target: Database): Promise<void> => {
    const batch = queue.splice(0, isHurried ? Infinity : maxBatch)
    const end = (taken += batch.length)
    // What has its outcome already need not be written.
    const tasks = batch.filter(({ item, value }) => !value || !item?.isGone)
    for (const { item, value } of tasks) if (item && value) item.isWritten = true
    running++
    try {
      await writeTasks(target, tasks, refused)
    } catch (error) {
      running--
      return unwritten(target, tasks, error)
    }
    running--
    isRepaired = false
    const satisfied = waiters.filter(({ upTo }) => upTo <= end)
    waiters = waiters.filter(({ upTo }) => upTo > end)
    for (const { resolve } of satisfied) resolve()
    pump()
  }

  const unwritten = (target: Database, tasks: readonly Task[], cause: unknown): void => {
    if (state === 'failed') return
    queue.unshift(...(state === 'suspended' ? tasks : tasks.filter(({ value }) => !value)))
    recount()
    if (database === target) broke(target, cause)
    else pump()
  }

  const written = (): Promise<void> => {
    if (state === 'failed') return Promise.reject(failure)
    if (queue.length === 0 && running === 0 && state !== 'opening') return Promise.resolve()
    return new Promise((resolve, reject) => waiters.push({ upTo: pushed, resolve, reject }))
  }

  const pump = (): void => {
    if (database && running === 0 && (queue.length > 0 || waiters.length > 0)) void start(database)
  }

  const startAll = (): void => {
    if (database && queue.length > 0) void start(database)
  }

  return {
    async open(prepareIt) {
      if (state === 'failed') return
      prepare = prepareIt
      isHurried = false
      try {
        await connect()
      } catch (error) {
        // A platform without databases has none the next time either.
        if (error instanceof TypeError) return fail(error)
        return repair(error)
      }
      pump()
    },
    push(task) {
      if (state === 'failed') return
      queue.push(task)
      pushed++
      if (isDue) return
      isDue = true
      void Promise.resolve().then(() => {
        isDue = false
        // One transaction for the whole turn: of many, a page that ends would lose the last ones.
        if (isHurried) startAll()
        else pump()
      })
    },
    written,
    async read(place, ask) {
      // A caller that retries in a loop would leave no turn for opening.
      if (state === 'opening') await written()
      const target = database
      if (!target) throw new Error('the database is not open')
      try {
        return await target.read(place, ask)
      } catch (error) {
        broke(target, error)
        throw error
      }
    },
    hurry() {
      isHurried = true
      startAll()
    },
    suspend() {
      if (state === 'failed') return
      startAll()
      shut('suspended')
    },
    async close() {
      if (state === 'open' || state === 'opening') await written().catch(() => {})
      if (state !== 'failed') shut('closed')
    },
    fail,
  }
}
